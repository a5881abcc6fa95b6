//! TLS: who is let in, and how certificates are replaced.

use std::io;

use flagstaff_testkit::http::{Connection, Request};
use flagstaff_testkit::relay::{Connect, Relay, Workspace};
use flagstaff_testkit::tls::{Authority, Client, Identity};

use super::{relay, run, workspace};

const TLS: &str = "server: {host: 127.0.0.1, port: 18031, tls: {certPath: tls.crt, keyPath: tls.key}}";

const MUTUAL: &str = "server: {host: 127.0.0.1, port: 18031, \
    tls: {certPath: tls.crt, keyPath: tls.key, clientCaPath: clients.crt, clientAuth: require}}";

/// Trusts the authority that stands in the folder, as the client that stands there.
const CONNECT: Connect = |workspace| Ok(client(workspace)?.connect(workspace.address())?.0);

fn client(workspace: &Workspace) -> io::Result<Client> {
    let file = |name: &str| std::fs::read_to_string(workspace.path(name));
    let identity = file("client.crt").and_then(|certificate| {
        let key = file("client.key")?;
        Ok(Identity { certificate, key })
    });
    Ok(Client {
        authority: file("authority.crt")?,
        identity: identity.ok(),
        ..Client::default()
    })
}

/// Puts a server's certificate and key where the relay looks for them.
fn install(workspace: &Workspace, authority: &Authority) {
    let identity = authority.server().expect("a certificate can be made");
    for (name, text) in [
        ("authority.crt", &authority.certificate),
        ("tls.key", &identity.key),
        ("tls.crt", &identity.certificate),
    ] {
        workspace.write(name, text).expect("the folder can be written");
    }
}

fn authority() -> Authority {
    Authority::new().expect("an authority can be made")
}

#[test]
fn versions_and_protocols_are_agreed_on() {
    let workspace = workspace(TLS);
    let authority = authority();
    install(&workspace, &authority);
    let relay = Relay::start_with(relay(), workspace, CONNECT);
    for (offered, chosen) in [
        (&["h2", "http/1.1"][..], Some("h2")),
        (&["http/1.1"], Some("http/1.1")),
        (&[], None),
    ] {
        let client = Client {
            protocols: offered.to_vec(),
            ..Client::trusting(&authority)
        };
        let (mut connection, terms) = client.connect(relay.address()).unwrap();
        assert_eq!(terms.protocol.as_deref(), chosen);
        if chosen != Some("h2") {
            assert_eq!(connection.send(&Request::get("/v1/flag/change")).unwrap().status, 200);
        }
    }
    let plain = Connection::open(relay.address())
        .unwrap()
        .send(&Request::get("/health"));
    assert_eq!(plain.unwrap().status, 400, "a client of plain HTTP is told so");
    assert!(Client::trusting(&self::authority()).connect(relay.address()).is_err());
}

#[test]
fn another_certificate_is_used_without_a_restart() {
    let workspace = workspace(TLS);
    install(&workspace, &authority());
    let relay = Relay::start_with(relay(), workspace, CONNECT);
    let mut kept = relay.connect().unwrap();
    assert_eq!(kept.send(&Request::get("/health")).unwrap().status, 200);

    install(relay.workspace(), &authority());
    relay.wait_until("the new certificate is used", |relay| relay.connect().is_ok());
    assert_eq!(
        kept.send(&Request::get("/health")).unwrap().status,
        200,
        "connections go on"
    );

    relay.workspace().write("tls.crt", "broken").unwrap();
    relay.wait_until("the broken certificate is refused", |relay| {
        relay.log().contains("server.tls.certPath")
    });
    assert!(relay.connect().is_ok(), "the good one stays");
}

#[test]
fn clients_show_certificates_where_they_must() {
    let workspace = workspace(MUTUAL);
    let (servers, clients) = (authority(), authority());
    install(&workspace, &servers);
    let identity = clients.client().unwrap();
    for (name, text) in [
        ("clients.crt", &clients.certificate),
        ("client.crt", &identity.certificate),
        ("client.key", &identity.key),
    ] {
        workspace.write(name, text).unwrap();
    }
    let relay = Relay::start_with(relay(), workspace, CONNECT);
    let stranger = Some(servers.client().unwrap());
    let status = |identity| {
        let client = Client {
            identity,
            ..Client::trusting(&servers)
        };
        // in TLS 1.3 the client learns that it was refused when it reads
        let (mut connection, _) = client.connect(relay.address())?;
        connection
            .send(&Request::get("/v1/flag/change"))
            .map(|answer| answer.status)
    };
    assert_eq!(status(Some(identity)).unwrap(), 200);
    assert!(status(stranger.clone()).is_err());
    assert!(status(None).is_err());

    let optional = MUTUAL.replace("require", "request");
    let settings = format!("hideBanner: true\nretriever: {{kind: file, path: flags.yaml}}\n{optional}");
    let settings = relay.workspace().with_port(&settings);
    relay.workspace().write("goff-proxy.yaml", &settings).unwrap();
    relay.wait_until("clients without a certificate are let in", |_| {
        status(None).is_ok_and(|status| status == 200)
    });
    assert!(status(stranger).is_err(), "a certificate that is shown must be good");
}

#[test]
fn what_cannot_work_is_said_at_the_start() {
    let (one, other) = (authority().server().unwrap(), authority().server().unwrap());
    for (certificate, key, complaint) in [
        (
            &*one.certificate,
            &*other.key,
            "server.tls.keyPath: cannot be used with the certificate",
        ),
        (
            &one.certificate,
            "nothing",
            "server.tls.keyPath: holds no private key in PEM",
        ),
        ("nothing", &one.key, "server.tls.certPath: holds no certificate in PEM"),
    ] {
        let workspace = workspace(TLS);
        workspace.write("tls.crt", certificate).unwrap();
        workspace.write("tls.key", key).unwrap();
        let (code, log) = run(&workspace);
        assert_eq!(code, Some(1), "{log}");
        assert!(log.contains(complaint), "{complaint} is not in\n{log}");
    }
    for (settings, complaint) in [
        ("tls: {certPath: a.crt}", "server.tls.certPath: needs keyPath beside it"),
        (
            "tls: {certPath: a.crt, keyPath: a.key}",
            "server.tls.certPath: cannot be read",
        ),
        (
            "tls: {certPath: a.crt, keyPath: a.key, minVersion: 1.1}",
            "use one of 1.2, 1.3",
        ),
    ] {
        let (code, log) = run(&workspace(&format!("server: {{{settings}}}")));
        assert_eq!(code, Some(1), "{log}");
        assert!(log.contains(complaint), "{complaint} is not in\n{log}");
    }
}
