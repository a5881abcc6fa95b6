"""git http-backend the way web servers run it, for everybody or behind a password: PORT FOLDER [USER PASSWORD CERTIFICATE KEY]."""
import base64, os, ssl, subprocess, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

port, folder, *protection = sys.argv[1:]
user, password, certificate, key = protection or [""] * 4
granted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        if user and self.headers.get("Authorization") != granted:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            return self.end_headers()
        path, _, query = self.path.partition("?")
        names = {"Content-Type": "CONTENT_TYPE", "Content-Encoding": "HTTP_CONTENT_ENCODING", "Git-Protocol": "GIT_PROTOCOL"}
        given = {variable: self.headers.get(name, "") for name, variable in names.items()}
        body = self.body()
        fixed = dict(GIT_PROJECT_ROOT=folder, GIT_HTTP_EXPORT_ALL="1", REMOTE_USER=user, CONTENT_LENGTH=str(len(body)))
        asked = dict(PATH_INFO=path, QUERY_STRING=query, REQUEST_METHOD=self.command)
        done = subprocess.run(["git", "http-backend"], input=body, stdout=subprocess.PIPE, env={**os.environ, **fixed, **given, **asked})
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    do_GET = do_POST = answer


server = ThreadingHTTPServer(("127.0.0.1", int(port)), Handler)
if user:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    # the handshake is the business of the connection's thread
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
