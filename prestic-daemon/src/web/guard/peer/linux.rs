//! The kernel tells the user of each socket: of one that it is asked for, or in its tables of all.

use std::{io, net::SocketAddr};

use netlink_packet_core::{NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
use netlink_packet_sock_diag::{
    SockDiagMessage,
    constants::{AF_INET, AF_INET6, IPPROTO_TCP, TCP_ESTABLISHED},
    inet::{ExtensionFlags, InetRequest, InetResponseHeader, SocketId, StateFlags},
};
use netlink_sys::{Socket, protocols::NETLINK_SOCK_DIAG};
use procfs::net::{TcpNetEntry, TcpState};

/// The superuser.
const ROOT: u32 = 0;

/// More than the kernel says of one socket.
const ANSWER_SIZE: usize = 4096;

/// What says that a socket is not asked for by the kernel's own number of it.
const NO_COOKIE: [u8; 8] = [0xff; 8];

/// Whether the socket at the other end belongs to this process's user or to root.
pub fn is_own_user(local: SocketAddr, remote: SocketAddr) -> io::Result<bool> {
    let user = rustix::process::geteuid().as_raw();
    let ends = match ask(canonical(remote), canonical(local)) {
        Ok(end) => vec![end],
        // A kernel without this way says the same as one without this socket. The tables take ten milliseconds.
        Err(error) => {
            tracing::debug!("the kernel does not tell of one connection: {error}");
            read_tables()?
        }
    };
    Ok(is_of(&ends, local, remote, user))
}

/// Asks for the one socket that has these two ends.
fn ask(own: SocketAddr, other: SocketAddr) -> io::Result<End> {
    let request = InetRequest {
        family: if own.is_ipv4() { AF_INET } else { AF_INET6 },
        protocol: IPPROTO_TCP,
        extensions: ExtensionFlags::empty(),
        states: StateFlags::all(),
        socket_id: SocketId {
            source_port: own.port(),
            destination_port: other.port(),
            source_address: own.ip(),
            destination_address: other.ip(),
            interface_id: 0,
            cookie: NO_COOKIE,
        },
    };
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST;
    let mut message = NetlinkMessage::new(header, SockDiagMessage::InetRequest(request).into());
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);

    let mut socket = Socket::new(NETLINK_SOCK_DIAG)?;
    socket.bind_auto()?;
    socket.connect(&netlink_sys::SocketAddr::new(0, 0))?;
    socket.send(&bytes, 0)?;
    let mut answer = Vec::with_capacity(ANSWER_SIZE);
    // The kernel answers while it is asked, so there is nothing to wait for.
    socket.recv(&mut answer, libc::MSG_DONTWAIT)?;
    let answer = NetlinkMessage::<SockDiagMessage>::deserialize(&answer).map_err(io::Error::other)?;
    match answer.payload {
        NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(response)) => Ok(End::from(response.header)),
        NetlinkPayload::Error(error) => Err(error.to_io()),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

fn read_tables() -> io::Result<Vec<End>> {
    // A socket for IPv6 can be connected to an address of IPv4, and is in the other table then. A system without IPv6 has none.
    let tables = procfs::net::tcp().map_err(io::Error::other)?.into_iter().chain(procfs::net::tcp6().unwrap_or_default());
    Ok(tables.map(End::from).collect())
}

/// What is known of one end of a connection.
#[derive(Debug, Clone, Copy)]
struct End {
    local: SocketAddr,
    remote: SocketAddr,
    /// Whether a process holds it: what is left of a connection that was closed is said to be root's.
    is_held: bool,
    user: u32,
}

impl From<TcpNetEntry> for End {
    fn from(entry: TcpNetEntry) -> Self {
        let is_held = entry.state == TcpState::Established && entry.inode != 0;
        Self { local: entry.local_address, remote: entry.remote_address, is_held, user: entry.uid }
    }
}

impl From<InetResponseHeader> for End {
    fn from(header: InetResponseHeader) -> Self {
        let id = header.socket_id;
        Self {
            local: SocketAddr::new(id.source_address, id.source_port),
            remote: SocketAddr::new(id.destination_address, id.destination_port),
            is_held: header.state == TCP_ESTABLISHED && header.inode != 0,
            user: header.uid,
        }
    }
}

fn is_of(ends: &[End], local: SocketAddr, remote: SocketAddr, user: u32) -> bool {
    let (local, remote) = (canonical(local), canonical(remote));
    let mut others = ends.iter().filter(|end| canonical(end.local) == remote && canonical(end.remote) == local).peekable();
    others.peek().is_some() && others.all(|end| end.is_held && (end.user == user || end.user == ROOT))
}

/// One address has two ways to be written: as such, and as one of IPv6.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    const OURS: &str = "127.0.0.1:8711";
    const THEIRS: &str = "127.0.0.1:50000";

    fn end(local: &str, remote: &str, user: u32) -> End {
        End { local: local.parse().unwrap(), remote: remote.parse().unwrap(), is_held: true, user }
    }

    #[track_caller]
    fn check(ends: &[End], expected: bool) {
        assert_eq!(is_of(ends, OURS.parse().unwrap(), THEIRS.parse().unwrap(), 1000), expected, "{ends:?}");
    }

    #[test]
    fn own_user_and_root_are_let_in() {
        check(&[end(OURS, THEIRS, 7), end(THEIRS, OURS, 1000)], true);
        check(&[end(THEIRS, OURS, 0)], true);
    }

    #[test]
    fn others_are_not() {
        check(&[end(OURS, THEIRS, 1000), end(THEIRS, OURS, 1001)], false);
        check(&[end(OURS, THEIRS, 1000), end(THEIRS, "127.0.0.1:8712", 1000)], false);
        check(&[], false);
    }

    #[test]
    fn what_is_left_of_a_closed_connection_is_nobodys() {
        check(&[End { is_held: false, ..end(THEIRS, OURS, 0) }], false);
    }

    #[test]
    fn ipv4_within_ipv6_is_the_same_address() {
        check(&[end("[::ffff:127.0.0.1]:50000", "[::ffff:127.0.0.1]:8711", 1000)], true);
        check(&[end("[::ffff:127.0.0.1]:50000", "[::ffff:127.0.0.1]:8711", 1001)], false);
    }

    #[test]
    fn two_answers_must_agree() {
        check(&[end(THEIRS, OURS, 1000), end(THEIRS, OURS, 1001)], false);
    }

    #[test]
    fn kernel_tells_our_own_connection() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(address) else { continue };
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (server, _) = listener.accept().unwrap();
            let (local, remote) = (server.local_addr().unwrap(), server.peer_addr().unwrap());
            assert!(is_own_user(local, remote).unwrap(), "{address}");
            let asked = ask(remote, local).map(|end| vec![end]).unwrap_or_default();
            for (ends, way) in [(asked, "asked"), (read_tables().unwrap(), "table")] {
                let user = rustix::process::geteuid().as_raw();
                assert!(is_of(&ends, local, remote, user), "{way} {address}: {ends:?}");
                assert!(user == ROOT || !is_of(&ends, local, remote, user + 1), "{way} {address}: {ends:?}");
            }
            drop(client);
            assert!(!is_own_user(local, remote).unwrap(), "its process has closed it");
        }
    }
}
