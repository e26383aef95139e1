//! Asks the system what it may never answer, with a limit and with one thread at a time for each question.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, task::spawn_blocking, time::timeout};

type Open<Q, A> = Arc<Mutex<HashMap<Q, watch::Receiver<Option<A>>>>>;

/// Questions that are being asked. Whoever asks one of these again waits for the same answer.
#[derive(Debug, Clone)]
pub(super) struct Questions<Q, A> {
    open: Open<Q, A>,
}

impl<Q, A> Default for Questions<Q, A> {
    fn default() -> Self {
        Self { open: Arc::default() }
    }
}

impl<Q, A> Questions<Q, A>
where
    Q: Clone + Eq + Hash + Send + 'static,
    A: Clone + Send + Sync + 'static,
{
    /// Returns the answer, or `None` when there is none within the limit.
    ///
    /// A system call on a dead network disk cannot be ended: its thread stays, but only one for each question.
    pub(super) async fn ask<F>(&self, question: Q, limit: Duration, answer: F) -> Option<A>
    where
        F: FnOnce(&Q) -> A + Send + 'static,
    {
        let mut answers = self.answers(question, answer);
        timeout(limit, answers.wait_for(Option::is_some)).await.ok()?.ok()?.clone()
    }

    fn answers<F>(&self, question: Q, answer: F) -> watch::Receiver<Option<A>>
    where
        F: FnOnce(&Q) -> A + Send + 'static,
    {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answers) = open.get(&question) {
            return answers.clone();
        }
        let (sender, answers) = watch::channel(None);
        open.insert(question.clone(), answers.clone());
        let asked = Asked { question, open: self.open.clone() };
        spawn_blocking(move || {
            let answer = answer(&asked.question);
            // Closed before it is answered: who asks after the answer wants a new one.
            drop(asked);
            sender.send_replace(Some(answer));
        });
        answers
    }
}

/// A question that is open for as long as this lives, even if the one who answers panics.
struct Asked<Q: Eq + Hash, A> {
    question: Q,
    open: Open<Q, A>,
}

impl<Q: Eq + Hash, A> Drop for Asked<Q, A> {
    fn drop(&mut self) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.question);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{SyncSender, sync_channel};

    use super::*;

    const SHORT: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(60);

    /// Asks what is not answered before the returned sender sends, and gives up.
    async fn ask_in_vain(questions: &Questions<&'static str, u8>) -> SyncSender<u8> {
        let (sender, receiver) = sync_channel(1);
        assert_eq!(questions.ask("dead", SHORT, move |_| receiver.recv().unwrap()).await, None);
        sender
    }

    #[tokio::test]
    async fn question_without_an_answer_is_given_up() {
        let questions = Questions::default();
        let answer = ask_in_vain(&questions).await;
        assert_eq!(questions.ask("alive", LONG, |_| 7).await, Some(7));
        answer.send(1).unwrap();
    }

    #[tokio::test]
    async fn open_question_is_not_asked_by_a_second_thread() {
        let questions = Questions::default();
        let answer = ask_in_vain(&questions).await;
        let asked_again = questions.ask("dead", SHORT, |_| panic!("a second thread was started"));
        assert_eq!(asked_again.await, None);
        let mut answers = questions.answers("dead", |_| panic!("a second thread was started"));
        answer.send(1).unwrap();
        assert_eq!(*answers.wait_for(Option::is_some).await.unwrap(), Some(1));
    }

    #[tokio::test]
    async fn answered_question_is_asked_anew() {
        let questions = Questions::default();
        assert_eq!(questions.ask("alive", LONG, |_| 7).await, Some(7));
        assert_eq!(questions.ask("alive", LONG, |_| 8).await, Some(8));
    }

    #[tokio::test]
    async fn panic_leaves_no_question_open() {
        let questions = Questions::default();
        assert_eq!(questions.ask("broken", LONG, |_| panic!("as the test wants")).await, None::<u8>);
        assert_eq!(questions.ask("broken", LONG, |_| 7).await, Some(7));
    }
}
