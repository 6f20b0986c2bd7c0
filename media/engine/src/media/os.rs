//! The few system calls that the standard library has no name for. All `unsafe`
//! of the media threads is here.

use std::io;
use std::mem;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr;
use std::time::Duration;

/// Datagrams taken with one call; a leg has rarely more than one or two waiting.
pub(super) const BATCH: usize = 8;
/// Longest datagram taken; anything longer is no telephone audio.
pub(super) const DATAGRAM: usize = 1_500;
/// Room for a sender's address.
const ADDRESS_BYTES: libc::socklen_t = mem::size_of::<libc::sockaddr_storage>() as _;
/// Readiness events taken with one call.
const EVENTS: usize = 256;

/// Waits for sockets and a deadline.
#[derive(Debug)]
pub(super) struct Poller {
    epoll: OwnedFd,
    events: Vec<libc::epoll_event>,
}

impl Poller {
    pub(super) fn new() -> io::Result<Self> {
        // SAFETY: no pointers are passed; the descriptor is ours if it is not -1.
        let epoll = unsafe { owned(libc::epoll_create1(libc::EPOLL_CLOEXEC))? };
        Ok(Self { epoll, events: vec![libc::epoll_event { events: 0, u64: 0 }; EVENTS] })
    }

    /// Reports `token` as long as `fd` has something to read.
    pub(super) fn watch(&self, fd: &impl AsRawFd, token: u64) -> io::Result<()> {
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: token };
        self.control(libc::EPOLL_CTL_ADD, fd, &mut event)
    }

    /// Ends what `watch` began.
    pub(super) fn forget(&self, fd: &impl AsRawFd) -> io::Result<()> {
        let mut event = libc::epoll_event { events: 0, u64: 0 };
        self.control(libc::EPOLL_CTL_DEL, fd, &mut event)
    }

    fn control(
        &self,
        operation: libc::c_int,
        fd: &impl AsRawFd,
        event: &mut libc::epoll_event,
    ) -> io::Result<()> {
        // SAFETY: both descriptors are open and `event` outlives the call.
        let done =
            unsafe { libc::epoll_ctl(self.epoll.as_raw_fd(), operation, fd.as_raw_fd(), event) };
        if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// Waits until something is ready or `timeout` has passed (`None`: for ever)
    /// and says how many tokens [`Self::token`] has.
    pub(super) fn wait(&mut self, timeout: Option<Duration>) -> io::Result<usize> {
        let timeout = timeout.map(|timeout| libc::timespec {
            tv_sec: timeout.as_secs() as libc::time_t,
            tv_nsec: libc::c_long::from(timeout.subsec_nanos() as i32),
        });
        let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
        // SAFETY: `events` has room for EVENTS entries; `timeout` is null or lives
        // until the call returns; a null signal mask leaves the mask as it is.
        // Called by number because the C library's wrapper is newer than some
        // systems we run on.
        let ready = unsafe {
            libc::syscall(
                libc::SYS_epoll_pwait2,
                self.epoll.as_raw_fd(),
                self.events.as_mut_ptr(),
                EVENTS as libc::c_int,
                timeout,
                ptr::null::<libc::sigset_t>(),
                0_usize,
            )
        };
        if ready >= 0 {
            return Ok(ready as usize);
        }
        match io::Error::last_os_error() {
            error if error.kind() == io::ErrorKind::Interrupted => Ok(0),
            error => Err(error),
        }
    }

    pub(super) fn token(&self, at: usize) -> u64 {
        self.events[at].u64
    }
}

/// Wakes a [`Poller`] from another thread.
#[derive(Debug)]
pub(super) struct Waker(OwnedFd);

impl Waker {
    pub(super) fn new() -> io::Result<Self> {
        // SAFETY: no pointers are passed; the descriptor is ours if it is not -1.
        unsafe { Ok(Self(owned(libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK))?)) }
    }

    pub(super) fn wake(&self) {
        let one = 1_u64;
        // SAFETY: eight readable bytes. It fails only if a wake is pending already.
        unsafe { libc::write(self.0.as_raw_fd(), ptr::from_ref(&one).cast(), 8) };
    }

    pub(super) fn clear(&self) {
        let mut count = 0_u64;
        // SAFETY: eight writable bytes. It fails only if no wake is pending.
        unsafe { libc::read(self.0.as_raw_fd(), ptr::from_mut(&mut count).cast(), 8) };
    }
}

impl AsRawFd for Waker {
    fn as_raw_fd(&self) -> i32 {
        self.0.as_raw_fd()
    }
}

/// Buffers for a batch of datagrams.
pub(super) struct Datagrams {
    buffers: Box<Buffers>,
    lengths: [Option<usize>; BATCH],
}

/// What a batch is received into. It stays where it is: the headers point to
/// vectors and addresses, the vectors to bytes.
struct Buffers {
    bytes: [[u8; DATAGRAM]; BATCH],
    from: [libc::sockaddr_storage; BATCH],
    vectors: [libc::iovec; BATCH],
    headers: [libc::mmsghdr; BATCH],
}

// SAFETY: all pointers in it lead into the same box, which is owned.
unsafe impl Send for Datagrams {}

impl Datagrams {
    pub(super) fn new() -> Self {
        // SAFETY: all zeroes is a valid value of these plain C structures: empty
        // vectors, null pointers and addresses of family AF_UNSPEC.
        let mut buffers: Box<Buffers> = unsafe { Box::new(mem::zeroed()) };
        let Buffers { bytes, from, vectors, headers } = &mut *buffers;
        for (((bytes, from), vector), header) in
            bytes.iter_mut().zip(from).zip(vectors).zip(headers.iter_mut())
        {
            vector.iov_base = bytes.as_mut_ptr().cast();
            vector.iov_len = DATAGRAM;
            header.msg_hdr.msg_name = ptr::from_mut(from).cast();
            header.msg_hdr.msg_namelen = ADDRESS_BYTES;
            header.msg_hdr.msg_iov = vector;
            header.msg_hdr.msg_iovlen = 1;
        }
        Self { buffers, lengths: [None; BATCH] }
    }

    /// Takes up to [`BATCH`] datagrams without waiting; says how many.
    pub(super) fn receive(&mut self, socket: &impl AsRawFd) -> usize {
        // SAFETY: each header points to one vector, one buffer of DATAGRAM bytes
        // and one address buffer, all of which live in the same box.
        let count = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                self.buffers.headers.as_mut_ptr(),
                BATCH as libc::c_uint,
                libc::MSG_DONTWAIT as _,
                ptr::null_mut(),
            )
        };
        let count = usize::try_from(count).unwrap_or(0);
        for (length, header) in self.lengths.iter_mut().zip(&mut self.buffers.headers[..count]) {
            let whole = header.msg_hdr.msg_flags & libc::MSG_TRUNC == 0;
            *length = whole.then_some(header.msg_len as usize);
            // The kernel wrote how long the address is.
            header.msg_hdr.msg_namelen = ADDRESS_BYTES;
        }
        count
    }

    /// A datagram of the last batch and its sender; `None` if it was too long or
    /// came from an address that is none.
    pub(super) fn get(&mut self, at: usize) -> Option<(SocketAddr, &mut [u8])> {
        let length = self.lengths.get(at).copied().flatten()?;
        Some((address(&self.buffers.from[at])?, &mut self.buffers.bytes[at][..length]))
    }
}

fn address(storage: &libc::sockaddr_storage) -> Option<SocketAddr> {
    match i32::from(storage.ss_family) {
        libc::AF_INET => {
            // SAFETY: the kernel wrote a sockaddr_in, which is smaller than the
            // storage and has no alignment that the storage lacks.
            let v4 = unsafe { &*ptr::from_ref(storage).cast::<libc::sockaddr_in>() };
            let ip = Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr));
            Some(SocketAddr::new(ip.into(), u16::from_be(v4.sin_port)))
        }
        libc::AF_INET6 => {
            // SAFETY: as above, for sockaddr_in6.
            let v6 = unsafe { &*ptr::from_ref(storage).cast::<libc::sockaddr_in6>() };
            let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
            let port = u16::from_be(v6.sin6_port);
            Some(SocketAddrV6::new(ip, port, 0, v6.sin6_scope_id).into())
        }
        _ => None,
    }
}

/// Keeps the calling thread on one core. Where that is forbidden the thread
/// stays free; calls work all the same.
pub(super) fn pin_to_core(number: usize) -> bool {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    // SAFETY: an all-zero cpu_set_t is the empty set, and CPU_SET writes into it
    // only below its size.
    unsafe {
        let mut set: libc::cpu_set_t = mem::zeroed();
        libc::CPU_SET((number % cores) % libc::CPU_SETSIZE as usize, &mut set);
        libc::sched_setaffinity(0, mem::size_of::<libc::cpu_set_t>(), &set) == 0
    }
}

/// Lets the calling thread run as soon as it has something to do, before
/// everything that is not real-time. Says whether that is allowed.
pub(super) fn ask_for_real_time() -> bool {
    // The lowest third of the class: above all ordinary work, below the kernel's.
    const PRIORITY: libc::c_int = 10;
    let parameters = libc::sched_param { sched_priority: PRIORITY };
    let class = libc::SCHED_RR | libc::SCHED_RESET_ON_FORK;
    // SAFETY: `parameters` outlives the call; 0 is the calling thread.
    unsafe { libc::sched_setscheduler(0, class, &parameters) == 0 }
}

/// Lets other threads go first when processors are short; no calls wait for
/// the calling one.
pub(super) fn yield_to_others() {
    const NICENESS: libc::c_int = 10;
    // SAFETY: plain values; on Linux it is the calling thread's own priority.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICENESS) };
}

/// Raises this process's limit of open files to at least `wanted`, as far as the
/// system lets it; says what it is now.
pub(super) fn allow_open_files(wanted: u64) -> io::Result<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is writable and outlives both calls.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) != 0 {
            return Err(io::Error::last_os_error());
        }
        if limit.rlim_cur < wanted {
            limit.rlim_cur = wanted.min(limit.rlim_max);
            if libc::setrlimit(libc::RLIMIT_NOFILE, &limit) != 0 {
                return Err(io::Error::last_os_error());
            }
        }
    }
    Ok(limit.rlim_cur)
}

/// SAFETY: `fd` must be -1 or a descriptor that nobody else owns.
unsafe fn owned(fd: libc::c_int) -> io::Result<OwnedFd> {
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: promised by the caller.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
