// Node's own clients of $PAY_URL by TLS: https, http2, fetch.
import https from "node:https";
import http2 from "node:http2";

const url = process.env.PAY_URL;
const by_https = () =>
  new Promise((done) => {
    https
      .get(`${url}/https`, (answer) => {
        let text = "";
        answer.on("data", (data) => (text += data)).on("end", () => done(text));
      })
      .on("error", (error) => done(error.code));
  });
const by_http2 = () =>
  new Promise((done) => {
    const session = http2.connect(url);
    session.on("error", (error) => done(error.code));
    const stream = session.request({ ":path": "/http2" });
    let text = "";
    stream.on("data", (data) => (text += data)).on("error", (error) => done(error.code));
    stream.on("end", () => (session.close(), done(text)));
  });
for (;;) {
  const fetched = await fetch(`${url}/fetch`).then((answer) => answer.text(), (error) => error.cause?.code);
  const said = [await by_https(), await by_http2(), fetched];
  console.log(said.map((one) => String(one).trim().split(" ").slice(1).join(" ") || one).join(" | "));
  await new Promise((done) => setTimeout(done, 200));
}
