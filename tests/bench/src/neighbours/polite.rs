//! Tenants that place a call now and then. Each has an address of its own on
//! loopback, by which the server knows whose carrier it is.

use super::furnish as furnish_tenant;
use crate::calls::quiet;
use anyhow::Result;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};
use strowger_e2e::house::House;

/// Calls a second of each tenant.
const RATE: u32 = 2;
/// How long each one lasts: the menu is being read.
const HOLD: Duration = Duration::from_secs(1);

pub(super) fn name(index: usize) -> String {
    format!("polite-{index}")
}

fn number(index: usize) -> String {
    format!("+4416329{:05}", 20_000 + index)
}

fn address(index: usize) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 1, u8::try_from(index + 1).unwrap_or(u8::MAX))
}

/// Makes the tenant with a menu.
pub(super) async fn furnish(house: &House, index: usize) -> Result<()> {
    let flows = [("ivr-menu", number(index))];
    furnish_tenant(house, &name(index), &address(index).to_string(), &flows).await
}

/// Lets `tenants` call for so long; how many calls were placed, and how many of
/// them were not answered.
pub(super) async fn call(
    server: SocketAddr,
    tenants: usize,
    length: Duration,
) -> Result<(u64, u64)> {
    let mut callers = Vec::new();
    for index in 0..tenants {
        // Evenly over the pause between two calls of one tenant.
        let later = Duration::from_secs(1) / RATE * u32::try_from(index)? / u32::try_from(tenants)?;
        callers.push(tokio::task::spawn_blocking(move || one(server, index, later, length)));
    }
    let (mut calls, mut dropped) = (0, 0);
    for caller in callers {
        let (placed, lost) = caller.await??;
        calls += placed;
        dropped += lost;
    }
    Ok((calls, dropped))
}

fn one(server: SocketAddr, index: usize, later: Duration, length: Duration) -> Result<(u64, u64)> {
    let socket = UdpSocket::bind((address(index), 0))?;
    socket.connect(server)?;
    socket.set_read_timeout(Some(quiet::PATIENCE))?;
    let (local, number) = (socket.local_addr()?, number(index));
    let (start, mut dropped) = (Instant::now() + later, 0);
    let calls = u32::try_from(length.as_millis())? * RATE / 1_000;
    let mut talks: std::collections::VecDeque<(Instant, Vec<u8>)> = Default::default();
    for call in 0..calls {
        let due = start + Duration::from_secs(1) / RATE * call;
        while let Some((until, _)) =
            talks.front().filter(|(until, _): &&(Instant, _)| *until <= due)
        {
            quiet::wait_until(*until);
            if let Some((_, bye)) = talks.pop_front() {
                send(&socket, &bye)?;
            }
        }
        quiet::wait_until(due);
        match quiet::place(&socket, server, local, &number, call) {
            Ok((_, bye)) => talks.push_back((Instant::now() + HOLD, bye)),
            Err(why) => {
                println!("{}: {why:#}", name(index));
                dropped += 1;
            }
        }
    }
    for (until, bye) in talks {
        quiet::wait_until(until);
        send(&socket, &bye)?;
    }
    Ok((calls.into(), dropped))
}

fn send(socket: &UdpSocket, bytes: &[u8]) -> Result<()> {
    socket.send(bytes)?;
    Ok(())
}
