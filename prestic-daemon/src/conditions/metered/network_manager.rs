//! Asks NetworkManager over the system bus. A connection lives for one question only: an idle daemon holds none.

use futures::StreamExt;
use zbus::{
    Connection, MatchRule, MessageStream, Proxy,
    connection::Builder,
    message::Type,
    proxy::{CacheProperties, MethodFlags},
    zvariant::OwnedValue,
};

/// NetworkManager's name on the bus, and the name of the interface with its property.
const NETWORK_MANAGER: &str = "org.freedesktop.NetworkManager";

/// Its object.
const OBJECT: &str = "/org/freedesktop/NetworkManager";

/// The interface through which every object tells its properties.
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// `NMMetered`: somebody has said that the connection is metered.
const YES: u32 = 1;

/// `NMMetered`: the connection looks like a telephone's.
const GUESS_YES: u32 = 3;

/// Whether NetworkManager takes the connection with the best default route for metered.
pub(crate) async fn is_metered(system_bus: Option<&str>) -> zbus::Result<bool> {
    let connection = connect(system_bus).await?;
    let manager: Proxy<'_> = zbus::proxy::Builder::new(&connection)
        .destination(NETWORK_MANAGER)?
        .path(OBJECT)?
        .interface(PROPERTIES)?
        .cache_properties(CacheProperties::No)
        .build()
        .await?;
    // A machine whose NetworkManager does not run has other means for its network: it is not to be started by a question.
    let answer: Option<OwnedValue> =
        manager.call_with_flags("Get", MethodFlags::NoAutoStart.into(), &(NETWORK_MANAGER, "Metered")).await?;
    let metered = u32::try_from(answer.ok_or(zbus::Error::InvalidReply)?)?;
    Ok(metered == YES || metered == GUESS_YES)
}

/// Returns when NetworkManager tells of a change, or when there is nobody to wait for any more.
pub(crate) async fn wait_for_change(system_bus: Option<&str>) -> zbus::Result<()> {
    let connection = connect(system_bus).await?;
    let rule = MatchRule::builder()
        .msg_type(Type::Signal)
        .sender(NETWORK_MANAGER)?
        .path(OBJECT)?
        .interface(PROPERTIES)?
        .member("PropertiesChanged")?
        .build();
    let mut changes = MessageStream::for_match_rule(rule, &connection, None).await?;
    while let Some(message) = changes.next().await {
        let body = message?.body();
        let changed: (&str, std::collections::HashMap<&str, zbus::zvariant::Value<'_>>, Vec<&str>) = body.deserialize()?;
        if changed.1.contains_key("Metered") {
            return Ok(());
        }
    }
    Err(zbus::Error::InvalidReply)
}

async fn connect(system_bus: Option<&str>) -> zbus::Result<Connection> {
    match system_bus {
        Some(address) => Builder::address(address)?,
        None => Builder::system()?,
    }
    .build()
    .await
}

#[cfg(test)]
pub(crate) mod tests;
