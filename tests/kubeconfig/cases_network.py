"""Servers, TLS, proxies, and the service account of a pod."""
from case import Case

REFUSED = {"ours": "refused"}
PROXY = "http://203.0.113.5:3128"


def servers(w):
    def at(url, *args, **more):
        name = more.pop("name", url)
        return Case("server: " + name, {"config": w.config(
            w.cluster(server=url))}, list(args), **more)

    plain = {"differs": "nothing is sent without encryption unless asked for",
             **REFUSED, "says": ["https://"]}
    yield at("https://127.0.0.1")
    yield at("https://127.0.0.1:")
    yield at("https://localhost:6443")
    yield at("HTTPS://LOCALHOST:6443")
    yield at("https://[::1]:6443")
    yield at("https://api.test.example:6443")
    yield at("https://10.1.2.3:6443")
    yield at("https://127.0.0.1:6443/")
    yield at("https://127.0.0.1:6443//")
    yield at("https://127.0.0.1:6443/k8s/clusters/c-1")
    yield at("https://127.0.0.1:6443/k8s//clusters/./x/../c-1/")
    yield at("https://127.0.0.1:6443/a%20b/c%2fd/~e")
    yield at("https://127.0.0.1:6443/a?x=y#z")
    yield at("https://127.0.0.1:6443?x=y")
    yield at("http://127.0.0.1:8080", **plain)
    yield at("127.0.0.1:8080", **plain)
    yield at("localhost:8080", **plain)
    yield at("http://127.0.0.1:8080", name="http, allowed: no credentials",
             our_args=["--allow-plain-http=true"])
    yield at("127.0.0.1:8080", name="no scheme, allowed",
             our_args=["--allow-plain-http=true"])
    yield Case("server: http, allowed: impersonation is sent", {
        "config": w.config(w.cluster(server="http://127.0.0.1:8080"),
                           {"token": "tok-a", "as": "jane"})},
        our_args=["--allow-plain-http=true"])
    yield at("https://jane:pw-x@127.0.0.1:6443", **REFUSED,
             says=["user name in the server's URL"],
             differs="a URL with a password in it is shown in many places")
    yield Case("server: user name in the URL, nothing else", {
        "config": w.config(w.cluster(
            server="https://jane:pw-x@127.0.0.1:6443"), {})}, **REFUSED)
    yield at("ftp://127.0.0.1:6443", **REFUSED)
    yield at("https://", **REFUSED)
    yield at("https://127.0.0.1:x", **REFUSED, says=["config", "port"])
    yield at("https://127.0.0.1:99999", **REFUSED)
    yield at("https://a b:6443", **REFUSED)
    yield at("https://127.0.0.1:6443/%zz", **REFUSED)
    yield at("", name="empty", **REFUSED, says=["server is missing"],
             differs="kubectl would ask http://localhost:8080")
    yield at("https://127.0.0.1:6443/moved", name="redirect to another",
             **REFUSED, says=["307"],
             differs="kubectl follows a redirect, and sends the token there")
    yield at("https://127.0.0.1:1", name="nobody listens", **REFUSED)
    yield at("https://nowhere.test.example:6443", name="unknown host",
             **REFUSED)
    yield at("https://10.1.2.3:1", "--server=https://127.0.0.1:6443",
             name="by flag")
    yield at("https://10.1.2.3:1", "--server=https://localhost:6443/p",
             name="by flag, with a path")
    yield at("https://127.0.0.1:6443", "--server=", name="flag empty")
    yield at("https://127.0.0.1:6443", "--server=http://127.0.0.1:8080",
             name="http by flag", **plain)
    yield at("https://127.0.0.1:6443", "--disable-compression=true",
             name="no compression by flag")
    yield Case("server: no compression by the kubeconfig", {
        "config": w.config(w.cluster(disable_compression=True))})
    yield Case("server: compression by flag", {
        "config": w.config(w.cluster(disable_compression=True))},
        ["--disable-compression=false"], ours="accepted",
        differs="a flag that is given counts, also where it says false")


def trust(w):
    def tls(name, cluster, *args, **more):
        return Case("tls: " + name, {"config": w.config(cluster)},
                    list(args), **more)

    plain = w.cluster(drop=["certificate-authority-data"])

    def with_ca(**fields):
        return dict(plain, **{name.replace("_", "-"): value
                              for name, value in fields.items()})

    yield tls("authority by file",
              with_ca(certificate_authority="pki/ca.crt"))
    yield tls("two authorities",
              with_ca(certificate_authority="pki/both-cas.crt"))
    yield tls("the wrong authority",
              with_ca(certificate_authority="pki/other-ca.crt"), **REFUSED)
    yield tls("no authority: the system's", plain, **REFUSED)
    yield tls("no authority, SSL_CERT_FILE", plain,
              env={"SSL_CERT_FILE": "{dir}/pki/ca.crt"})
    yield tls("an authority, and SSL_CERT_FILE is not looked at",
              with_ca(certificate_authority="pki/other-ca.crt"),
              env={"SSL_CERT_FILE": "{dir}/pki/ca.crt"}, **REFUSED)
    yield tls("missing file", with_ca(certificate_authority="no.crt"),
              **REFUSED, says=["config:", "certificate-authority", "no.crt"])
    yield tls("file without certificates",
              with_ca(certificate_authority="config"), **REFUSED,
              says=["no certificate"])
    yield tls("empty file", with_ca(certificate_authority="/dev/null"),
              **REFUSED)
    yield tls("data without certificates",
              with_ca(certificate_authority_data="aGVsbG8="), **REFUSED)
    yield tls("file and data", w.cluster(
        certificate_authority="pki/ca.crt"), **REFUSED,
        says=["are both given"])
    yield tls("file by flag over data",
              with_ca(certificate_authority_data=w.data("other-ca.crt")),
              "--certificate-authority=pki/ca.crt")
    yield tls("missing file by flag", w.cluster(),
              "--certificate-authority=no.crt", **REFUSED,
              says=["--certificate-authority", "no.crt"])
    yield Case("tls: a broken certificate beside a good one", {
        "config": w.config(with_ca(certificate_authority="x.crt")),
        "x.crt": "-----BEGIN CERTIFICATE-----\nAAAA\n"
                 "-----END CERTIFICATE-----\n" + w.pki.text("ca.crt")})
    yield tls("a stranger", w.cluster(server="https://127.0.0.1:7444"),
              **REFUSED)
    yield tls("the server's own certificate as authority", with_ca(
        server="https://127.0.0.1:7446",
        certificate_authority="pki/alone.crt"))
    yield tls("a certificate without names", w.cluster(
        server="https://127.0.0.1:7445"), **REFUSED)
    yield tls("another name", w.cluster(server="https://127.0.0.1:7443"),
              **REFUSED)
    front = w.cluster(server="https://127.0.0.1:7443",
                      tls_server_name="front.test.example")
    yield tls("tls-server-name", front)
    yield tls("tls-server-name by flag",
              w.cluster(server="https://127.0.0.1:7443"),
              "--tls-server-name=front.test.example")
    yield tls("tls-server-name, wrong", dict(front, **{
        "tls-server-name": "back.test.example"}), **REFUSED)
    yield tls("tls-server-name with a path", dict(
        front, server="https://localhost:7443/p"))
    yield tls("tls-server-name is dropped by --server", front,
              "--server=https://localhost:7443", **REFUSED)
    yield tls("tls-server-name and --server", front,
              "--server=https://localhost:7443",
              "--tls-server-name=front.test.example")
    yield tls("tls-server-name is an address", dict(front, **{
        "server": "https://api.test.example:6443",
        "tls-server-name": "127.0.0.1"}))
    insecure = with_ca(server="https://127.0.0.1:7444",
                       insecure_skip_tls_verify=True)
    yield tls("insecure", insecure)
    yield tls("insecure and tls-server-name", dict(insecure, **{
        "tls-server-name": "front.test.example"}))
    yield tls("insecure with an authority", w.cluster(
        insecure_skip_tls_verify=True), **REFUSED,
        says=["insecure-skip-tls-verify"])
    yield tls("insecure by flag drops the authority", w.cluster(
        server="https://127.0.0.1:7444"), "--insecure-skip-tls-verify=true")
    yield tls("insecure and authority by flag", w.cluster(),
              "--insecure-skip-tls-verify=true",
              "--certificate-authority=pki/ca.crt", **REFUSED)
    yield tls("authority by flag ends insecure", insecure,
              "--certificate-authority=pki/ca.crt", **REFUSED)
    yield tls("insecure taken back by flag", insecure,
              "--insecure-skip-tls-verify=false", **REFUSED,
              differs="a flag that asks for safety is heard")


def proxies(w):
    far = "https://api.test.example:6443"

    def kube(name, url, server=far, **more):
        return Case("proxy-url: " + name, {"config": w.config(
            w.cluster(server=server, proxy_url=url))}, **more)

    yield kube("http", PROXY)
    yield kube("http, user and password", "http://me:pw-%40x@203.0.113.5:3128")
    yield kube("http, user alone", "http://me@203.0.113.5:3128")
    yield kube("http, port 80", "http://203.0.113.5")
    yield kube("http, with a path", PROXY + "/x")
    yield kube("upper case", "HTTP://203.0.113.5:3128")
    yield kube("https", "https://203.0.113.5:3129")
    yield kube("https, its certificate is not trusted",
               "https://203.0.113.5:7444", **REFUSED)
    yield kube("socks5", "socks5://203.0.113.5:1080")
    yield kube("socks5, port 1080", "socks5://203.0.113.5")
    yield kube("socks5, user and password",
               "socks5://me:pw-x@203.0.113.5:1080")
    yield kube("socks5, name of the proxy alone is known",
               "socks5://203.0.113.5:1080", "https://kubernetes.default.svc:"
               "6443")
    yield kube("http, name of the proxy alone is known", PROXY,
               "https://kubernetes.default.svc:6443")
    yield kube("socks5 to an address", "socks5://203.0.113.5:1080",
               "https://10.1.2.3:6443")
    yield kube("socks5 to an IPv6 address", "socks5://203.0.113.5:1080",
               "https://[fd00::5]:6443")
    yield kube("http to an IPv6 address", PROXY, "https://[fd00::5]:6443")
    yield kube("for loopback, too", PROXY, "https://127.0.0.1:6443")
    yield kube("NO_PROXY does not count", PROXY, env={"NO_PROXY": "*"})
    yield kube("over the environment's", PROXY,
               env={"HTTPS_PROXY": "http://203.0.113.5:1"})
    yield kube("ftp", "ftp://203.0.113.5:1", **REFUSED,
               says=["config:", "proxy-url"])
    yield kube("socks5h", "socks5h://203.0.113.5:1080", **REFUSED)
    yield kube("no scheme", "203.0.113.5:3128", **REFUSED)
    yield kube("nobody listens", "http://203.0.113.5:1", **REFUSED)
    yield kube("says no", "http://203.0.113.5:8080", **REFUSED)
    yield Case("proxy-url: with tls-server-name", {"config": w.config(
        w.cluster(server="https://api.test.example:7443", proxy_url=PROXY,
                  tls_server_name="front.test.example"))})
    yield Case("proxy-url: http and tls-server-name, unknown name", {
        "config": w.config(w.cluster(
            server="https://unknown.test.example:7443", proxy_url=PROXY,
            tls_server_name="front.test.example"))})
    yield Case("proxy-url: socks5 and tls-server-name, unknown name", {
        "config": w.config(w.cluster(
            server="https://unknown.test.example:7443",
            proxy_url="socks5://203.0.113.5:1080",
            tls_server_name="front.test.example"))})
    yield Case("proxy-url: with a client certificate", {"config": w.config(
        w.cluster(server=far, proxy_url=PROXY),
        {"client-certificate": "pki/alice.crt",
         "client-key": "pki/alice.key"})})
    yield Case("proxy-url: empty", {"config": w.config(
        w.cluster(proxy_url=""))})

    def env(name, server=far, **variables):
        more = {key: variables.pop(key) for key in
                ("differs", "ours", "says") if key in variables}
        return Case("environment: " + name, {"config": w.config(
            w.cluster(server=server))}, env=variables, **more)

    yield env("HTTPS_PROXY", HTTPS_PROXY=PROXY)
    yield env("https_proxy", https_proxy=PROXY)
    yield env("upper case first", HTTPS_PROXY=PROXY,
              https_proxy="http://203.0.113.5:1")
    yield env("empty upper case", HTTPS_PROXY="", https_proxy=PROXY)
    yield env("no scheme", HTTPS_PROXY="203.0.113.5:3128")
    yield env("no scheme, port 80", HTTPS_PROXY="203.0.113.5")
    yield env("password", HTTPS_PROXY="http://me:pw-x@203.0.113.5:3128")
    yield env("https proxy", HTTPS_PROXY="https://203.0.113.5:3129")
    yield env("socks5", HTTPS_PROXY="socks5://203.0.113.5:1080")
    yield env("socks5h", HTTPS_PROXY="socks5h://203.0.113.5:1080")
    yield env("HTTP_PROXY is for http alone", HTTP_PROXY=PROXY)
    yield env("ALL_PROXY is not looked at", ALL_PROXY=PROXY, all_proxy=PROXY)
    yield env("cannot be read", HTTPS_PROXY=PROXY + "\x7f", **REFUSED,
              says=["HTTPS_PROXY"],
              differs="kubectl connects directly, past the proxy")
    yield env("unknown scheme", HTTPS_PROXY="ftp://203.0.113.5:3128",
              **REFUSED, says=["HTTPS_PROXY"],
              differs="kubectl takes it for an http proxy")
    for server in ("https://127.0.0.1:6443", "https://localhost:6443",
                   "https://[::1]:6443", "https://10.1.2.3:6443"):
        yield env("to " + server, server, HTTPS_PROXY=PROXY)
    rules = [
        "*", "api.test.example", ".test.example", "test.example",
        "*.test.example", "*test.example", ".api.test.example", "example",
        "API.TEST.EXAMPLE", " api.test.example , x", "x,,api.test.example",
        "api.test.example:6443", "api.test.example:443", "10.1.2.3",
        "10.0.0.0/8", "pi.test.example", "x *", "https://api.test.example"]
    for rule in rules:
        yield env(f"NO_PROXY={rule}", HTTPS_PROXY=PROXY, NO_PROXY=rule)
    for rule in ("10.0.0.0/8", "10.1.2.3", "10.1.2.3/32", "10.1.2.3:6443",
                 "10.1.2.3:443", "10.1.2.4/31", "10.1.2.2/31", "2.3",
                 "::ffff:10.1.2.3", "0.0.0.0/0", "::/0", "10.1.2.3/33"):
        yield env(f"NO_PROXY={rule} to an address", "https://10.1.2.3:6443",
                  HTTPS_PROXY=PROXY, NO_PROXY=rule)
    yield env("no_proxy", HTTPS_PROXY=PROXY, no_proxy="api.test.example")
    yield env("NO_PROXY first", HTTPS_PROXY=PROXY, NO_PROXY="x",
              no_proxy="api.test.example")


def pods(w):
    account = {"token": "tok-account\n", "ca.crt": w.pki.text("ca.crt"),
               "namespace": "pods-own\n"}
    inside = {"KUBERNETES_SERVICE_HOST": "10.1.2.3",
              "KUBERNETES_SERVICE_PORT": "6443", "KUBECONFIG": None}

    def pod(name, *args, **more):
        env = dict(inside, **more.pop("env", {}))
        return Case("pod: " + name, more.pop("files", {}), list(args), env,
                    account=more.pop("account", account), **more)

    yield pod("service account")
    yield pod("namespace by flag", "--namespace=n")
    yield pod("POD_NAMESPACE", env={"POD_NAMESPACE": "named"})
    yield pod("no namespace file", account={
        name: account[name] for name in ("token", "ca.crt")})
    yield pod("IPv6", env={"KUBERNETES_SERVICE_HOST": "::1"})
    yield pod("token by flag", "--token=tok-flag")
    yield pod("authority by flag", "--certificate-authority=pki/ca.crt")
    yield pod("the wrong authority by flag",
              "--certificate-authority=pki/other-ca.crt", **REFUSED)
    yield pod("impersonation", "--as=jane", "--as-group=devs",
              differs="kubectl would ask http://localhost:8080",
              ours="accepted")
    yield pod("request timeout", "--request-timeout=20s",
              differs="kubectl would ask http://localhost:8080",
              ours="accepted")
    yield pod("no host", env={"KUBERNETES_SERVICE_HOST": ""}, **REFUSED,
              differs="kubectl would ask http://localhost:8080")
    yield pod("no token", account={}, **REFUSED,
              differs="kubectl would ask http://localhost:8080")
    yield pod("no authority", account={"token": "tok-account"}, **REFUSED)
    yield pod("a kubeconfig goes first", files={"config": w.config()},
              env={"KUBECONFIG": "config"})
    yield pod("a kubeconfig without namespace", files={"config": w.config(
        context={"cluster": "c", "user": "u"})}, env={"KUBECONFIG": "config"})
    yield pod("a kubeconfig with the namespace default", files={
        "config": w.config(context={"cluster": "c", "user": "u",
                                    "namespace": "default"})},
        env={"KUBECONFIG": "config"})
    yield pod("an empty kubeconfig", files={"config": ""},
              env={"KUBECONFIG": "config"})
    yield pod("a kubeconfig without current-context", files={
        "config": w.config(current_context="")}, env={"KUBECONFIG": "config"})
    yield pod("server by flag", "--server=https://127.0.0.1:6443", **REFUSED)
    yield pod("proxy", env={"HTTPS_PROXY": PROXY})


def table(w):
    for part in (servers, trust, proxies, pods):
        yield from part(w)
