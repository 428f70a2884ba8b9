//! The web's way to the center: requests to the control thread.

use crate::request::Request;
use media::PortId;
use model::{
    AgentId, AgentView, AgentWish, AlertId, ConferenceOrder, ConferenceView, InteractionId, KeptOut,
    RecordingState, Supervision,
};
use net::rtp::line::LineEnd;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tokio::sync::{mpsc, oneshot};
use web::{
    CenterDoor, ConferenceError, LegSound, LineDoor, LineNews, LineOpening, LineRefused, LineWish,
    MonitorError, PhonePass, Readiness, RecordingError, SoundLine, Unavailable, WishError,
};

/// Whether calls are taken, shared by all who ask.
#[derive(Clone, Debug, Default)]
pub struct Phase(Arc<AtomicU8>);

impl Phase {
    /// Sets it.
    pub fn set(&self, readiness: &Readiness) {
        let number = match readiness {
            Readiness::Starting => 0,
            Readiness::Ready => 1,
            Readiness::Draining => 2,
        };
        self.0.store(number, Ordering::Relaxed);
    }

    /// What it is.
    pub fn readiness(&self) -> Readiness {
        match self.0.load(Ordering::Relaxed) {
            0 => Readiness::Starting,
            1 => Readiness::Ready,
            _ => Readiness::Draining,
        }
    }
}

/// The door.
#[derive(Clone, Debug)]
pub struct Door {
    /// To the control thread.
    pub requests: mpsc::Sender<Request>,
    /// Whether calls are taken.
    pub phase: Phase,
}

impl CenterDoor for Door {
    fn wish(
        &self,
        agent: AgentId,
        wish: AgentWish,
    ) -> Pin<Box<dyn Future<Output = Result<AgentView, WishError>> + Send + '_>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            let request = Request::Wish { agent, wish, reply };
            self.requests.send(request).await.map_err(|_| WishError::Unavailable)?;
            Ok(answer.await.map_err(|_| WishError::Unavailable)??)
        })
    }

    fn close_alert(
        &self,
        alert: AlertId,
    ) -> Pin<Box<dyn Future<Output = Result<bool, Unavailable>> + Send + '_>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            let request = Request::CloseAlert { alert, reply };
            self.requests.send(request).await.map_err(|_| Unavailable)?;
            answer.await.map_err(|_| Unavailable)
        })
    }

    fn sound(
        &self,
        interaction: InteractionId,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<LegSound>, Unavailable>> + Send + '_>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            self.requests.send(Request::Sound { interaction, reply }).await.map_err(|_| Unavailable)?;
            answer.await.map_err(|_| Unavailable)
        })
    }

    fn keep_of_recording(
        &self,
        interaction: InteractionId,
        state: RecordingState,
        by: String,
    ) -> Pin<Box<dyn Future<Output = Result<(), RecordingError>> + Send + '_>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            let request = Request::KeepOfRecording { interaction, state, by, reply };
            self.requests.send(request).await.map_err(|_| RecordingError::Unavailable)?;
            answer.await.map_err(|_| RecordingError::Unavailable)?
        })
    }

    fn monitor(
        &self,
        interaction: InteractionId,
        by: AgentId,
        mode: Supervision,
    ) -> Pin<Box<dyn Future<Output = Result<(), MonitorError>> + Send + '_>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            let request = Request::Monitor { interaction, by, mode, reply };
            self.requests.send(request).await.map_err(|_| MonitorError::Unavailable)?;
            Ok(answer.await.map_err(|_| MonitorError::Unavailable)??)
        })
    }

    fn end_monitor(
        &self,
        interaction: InteractionId,
        by: AgentId,
    ) -> Pin<Box<dyn Future<Output = Result<(), MonitorError>> + Send + '_>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            let request = Request::EndMonitor { interaction, by, reply };
            self.requests.send(request).await.map_err(|_| MonitorError::Unavailable)?;
            Ok(answer.await.map_err(|_| MonitorError::Unavailable)??)
        })
    }

    fn conferences(
        &self,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<ConferenceView>, Unavailable>> + Send + '_>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            self.requests.send(Request::Conferences(reply)).await.map_err(|_| Unavailable)?;
            answer.await.map_err(|_| Unavailable)
        })
    }

    fn order_conference(
        &self,
        room: String,
        order: ConferenceOrder,
        by: String,
    ) -> Pin<Box<dyn Future<Output = Result<(), ConferenceError>> + Send + '_>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            let request = Request::Conference { room, order, by, reply };
            self.requests.send(request).await.map_err(|_| ConferenceError::Unavailable)?;
            Ok(answer.await.map_err(|_| ConferenceError::Unavailable)??)
        })
    }

    fn kept_out(&self) -> Pin<Box<dyn Future<Output = Result<Vec<KeptOut>, Unavailable>> + Send + '_>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            self.requests.send(Request::KeptOut(reply)).await.map_err(|_| Unavailable)?;
            answer.await.map_err(|_| Unavailable)
        })
    }

    fn let_in(
        &self,
        address: IpAddr,
    ) -> Pin<Box<dyn Future<Output = Result<bool, Unavailable>> + Send + '_>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            self.requests.send(Request::LetIn { address, reply }).await.map_err(|_| Unavailable)?;
            answer.await.map_err(|_| Unavailable)
        })
    }

    fn phone_pass(
        &self,
        agent: AgentId,
        login: u64,
    ) -> Pin<Box<dyn Future<Output = Result<PhonePass, WishError>> + Send + '_>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            let request = Request::PhonePass { agent, login, reply };
            self.requests.send(request).await.map_err(|_| WishError::Unavailable)?;
            Ok(answer.await.map_err(|_| WishError::Unavailable)??)
        })
    }

    fn login_over(&self, login: u64) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            // Without a control thread there are no phones either.
            let _ = self.requests.send(Request::LoginOver { login }).await;
        })
    }

    fn readiness(&self) -> Readiness {
        self.phase.readiness()
    }
}

impl LineDoor for Door {
    fn open(&self, interaction: InteractionId, wish: LineWish) -> LineOpening<'_> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            let request = Request::OpenLine { interaction, wish, reply };
            self.requests.send(request).await.map_err(|_| LineRefused::Unavailable)?;
            let (line, end, news) = answer.await.map_err(|_| LineRefused::Unavailable)??;
            let line = ProgramLine { line, end, news, requests: self.requests.clone() };
            Ok(Box::new(line) as Box<dyn SoundLine>)
        })
    }
}

/// A program's line: its sound crosses to the media thread, its end is told to the control thread.
struct ProgramLine {
    line: PortId,
    end: LineEnd,
    news: mpsc::Receiver<LineNews>,
    requests: mpsc::Sender<Request>,
}

impl SoundLine for ProgramLine {
    fn hear(&mut self, out: &mut [i16]) -> Option<usize> {
        self.end.hear(out)
    }

    fn say(&mut self, frame: &[i16]) -> bool {
        self.end.say(frame)
    }

    fn unsaid(&self) -> usize {
        self.end.unsaid()
    }

    fn clear(&mut self) {
        self.end.clear();
    }

    fn lost(&self) -> u64 {
        self.end.lost()
    }

    fn news(&mut self) -> Option<LineNews> {
        match self.news.try_recv() {
            Ok(news) => Some(news),
            Err(mpsc::error::TryRecvError::Empty) if !self.end.is_closed() => None,
            // Nobody can tell it anything any more, or its thread has closed it.
            Err(_) => Some(LineNews::Ended),
        }
    }
}

impl Drop for ProgramLine {
    fn drop(&mut self) {
        let request = Request::CloseLine { line: self.line };
        if let Err(mpsc::error::TrySendError::Full(request)) = self.requests.try_send(request) {
            let requests = self.requests.clone();
            // It is dropped by a task of the web; without one there is no control thread either.
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                runtime.spawn(async move { requests.send(request).await });
            }
        }
    }
}
