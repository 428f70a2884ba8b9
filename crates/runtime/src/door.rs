//! The web's way to the center: requests to the control thread.

use crate::request::Request;
use model::{AgentId, AgentView, AgentWish, AlertId, InteractionId, KeptOut, RecordingState, Supervision};
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tokio::sync::{mpsc, oneshot};
use web::{CenterDoor, LegSound, MonitorError, PhonePass, Readiness, RecordingError, Unavailable, WishError};

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
