//! Jobs, and what they found.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use prestic_proto::job::{JobId, JobRequest};
use serde_json::json;

use super::{
    Answered, Parameters, answer, done,
    profiles::page,
    request::{Nothing, Order, Segment},
    runs::wait,
};
use crate::web::Web;

/// Tells the jobs of a profile's repository, newest first.
pub async fn jobs(State(web): State<Web>, name: Segment<String>, parameters: Parameters) -> Answered {
    parameters.finish()?;
    answer(web.client.jobs(&name.0).await??)
}

/// Starts a job, or tells the one that does the same already.
pub async fn start(State(web): State<Web>, name: Segment<String>, order: Order<JobRequest>) -> Answered {
    let job = web.client.start_job(&name.0, order.0).await??;
    Ok((StatusCode::ACCEPTED, axum::Json(json!({ "job": job }))).into_response())
}

/// Tells a job, if wanted only when it has ended.
pub async fn job(State(web): State<Web>, job: Segment<u64>, mut parameters: Parameters) -> Answered {
    let wait = wait(&mut parameters)?;
    parameters.finish()?;
    answer(web.client.job(JobId(job.0), wait).await??)
}

/// Tells what a job has found so far.
pub async fn results(State(web): State<Web>, job: Segment<u64>, mut parameters: Parameters) -> Answered {
    let (offset, limit) = page(&mut parameters)?;
    parameters.finish()?;
    answer(web.client.job_results(JobId(job.0), offset, limit).await??)
}

/// Ends a job.
pub async fn cancel(State(web): State<Web>, job: Segment<u64>, _: Order<Nothing>) -> Answered {
    web.client.cancel_job(JobId(job.0)).await??;
    done()
}
