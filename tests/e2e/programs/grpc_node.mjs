// `@grpc/grpc-js` ($GRPC_JS) as server on $PORT, or as caller of $NAME_HOST:$NAME_PORT that says how its calls end.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const grpc = createRequire(import.meta.url)(process.env.GRPC_JS);
const as_is = (bytes) => bytes;
const method = (name, requestStream, responseStream) => ({
  path: `/test.Bench/${name}`,
  requestStream,
  responseStream,
  requestSerialize: as_is,
  requestDeserialize: as_is,
  responseSerialize: as_is,
  responseDeserialize: as_is,
});
const service = {
  Echo: method("Echo", false, false),
  Fail: method("Fail", false, false),
  Chat: method("Chat", true, true),
};

function serve() {
  const server = new grpc.Server();
  server.addService(service, {
    Echo: (call, answer) => answer(null, call.request),
    Fail: (call, answer) => answer({ code: grpc.status[call.request.toString()], details: "as it was asked for" }),
    Chat: (call) => {
      call.on("data", (message) => call.write(message));
      call.on("end", () => call.end());
    },
  });
  const address = `127.0.0.1:${process.env.PORT}`;
  const { TLS_CERT_FILE, TLS_KEY_FILE } = process.env;
  const credentials = TLS_CERT_FILE
    ? grpc.ServerCredentials.createSsl(null, [
        { cert_chain: readFileSync(TLS_CERT_FILE), private_key: readFileSync(TLS_KEY_FILE) },
      ])
    : grpc.ServerCredentials.createInsecure();
  server.bindAsync(address, credentials, (error) => {
    if (error) throw error;
  });
}

async function call(name) {
  const Client = grpc.makeGenericClientConstructor(service, "test.Bench");
  const address = `${process.env[`${name}_HOST`]}:${process.env[`${name}_PORT`]}`;
  const secure = process.env[`${name}_URL`].startsWith("https:");
  const client = new Client(address, secure ? grpc.credentials.createSsl() : grpc.credentials.createInsecure());
  const unary = (name, text) =>
    new Promise((done) =>
      client[name](Buffer.from(text), { deadline: Date.now() + 20000 }, (error, answer) =>
        done(error ? grpc.status[error.code] : answer.toString()),
      ),
    );
  const chat = (count) =>
    new Promise((done) => {
      const stream = client.Chat();
      let heard = 0;
      stream.on("data", () => (heard += 1));
      stream.on("error", (error) => done(grpc.status[error.code]));
      stream.on("end", () => done(heard));
      for (let sent = 0; sent < count; sent += 1) stream.write(Buffer.alloc(3000, "m"));
      stream.end();
    });
  for (;;) {
    const echoes = await Promise.all(Array.from({ length: 20 }, (_, number) => unary("Echo", `e${number}`)));
    const codes = new Set(echoes.map((said) => (said.startsWith("e") ? "OK" : said)));
    console.log([...codes].sort().join("+"), await unary("Fail", "DATA_LOSS"), await chat(40));
    await new Promise((done) => setTimeout(done, 200));
  }
}

process.argv[2] === "serve" ? serve() : await call(process.argv[3]);
