"""Callers that know nothing of meshdev, of $PAY_URL by TLS: urllib, requests, httpx with HTTP/2, curl."""

import os
import subprocess
import time
import urllib.request

import httpx
import requests

url = os.environ["PAY_URL"]
with httpx.Client(http2=True) as client:
    while True:
        curl = subprocess.run(["curl", "-sS", f"{url}/curl"], capture_output=True, text=True, check=False)
        said = [
            urllib.request.urlopen(f"{url}/urllib").read().decode(),  # noqa: S310 -- of the environment
            requests.get(f"{url}/requests", timeout=20).text,
            client.get(f"{url}/httpx").text,
            curl.stdout or curl.stderr,
        ]
        print(url[:8], *(" ".join(one.split()[1:]) for one in said), sep=" | ", flush=True)
        time.sleep(0.2)
