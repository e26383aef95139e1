//! Does what somebody has chosen on a notification.

use std::io;

use prestic_proto::{
    home::Home,
    opener,
    service::{Api, RunRequest},
};
use tarpc::context;

use crate::{
    notify::notice::{Answer, Notice, Subject, Urgency},
    rpc::Server,
};

/// Does it. Returns what is to be told if it did not work.
pub(super) async fn carry_out(answer: Answer, server: &Server, home: &Home) -> Option<Notice> {
    let failed = |words: &str, body: String| Notice {
        subject: Subject::Trial,
        replaces: Vec::new(),
        summary: words.to_owned(),
        body,
        urgency: Urgency::Normal,
        choices: Vec::new(),
        told: Vec::new(),
    };
    match answer {
        Answer::Run { task } => {
            let request = RunRequest { task: task.clone(), ..RunRequest::default() };
            let error = server.clone().run(context::current(), request).await.err()?;
            tracing::warn!("a run that was asked for by a notification is refused: {error}");
            Some(failed(&format!("{task} was not started"), error.to_string()))
        }
        Answer::OpenLog { run, log_file } => {
            let page = open_page(server, home, &format!("&run={run}")).await;
            let Some(log_file) = log_file.filter(|_| page.is_err()) else {
                return page.err().map(|error| failed("The log cannot be opened", error.to_string()));
            };
            let path = home.logs_dir().join(log_file);
            let error = opener::open_file(&path).await.err()?;
            Some(failed("The log cannot be opened", format!("{error}. It is {}", path.display())))
        }
        Answer::OpenWeb => {
            let error = open_page(server, home, "").await.err()?;
            Some(failed("The web interface cannot be opened", error.to_string()))
        }
    }
}

/// Opens a page of the web interface, with a code for the browser that is not in yet.
async fn open_page(server: &Server, home: &Home, place: &str) -> io::Result<()> {
    let code = server.clone().web_code(context::current()).await.map_err(io::Error::other)?;
    opener::open_address(home, &format!("{}login?code={}{place}", code.url, code.code)).await
}
