//! espeak-ng as the engine: a program of its own, so that whatever it does happens to itself only. It gets the text by its
//! input, never by its arguments, and has [`LIMIT`] to speak it.

use crate::{SpeakError, Speaker, Spoken};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long one text may take; espeak-ng speaks a hundred times faster than one listens.
pub const LIMIT: Duration = Duration::from_secs(20);

/// The most bytes that are taken: ten minutes of speech.
const BYTES_MAX: u64 = 64 * 1_024 * 1_024;

/// How many words a minute: slower than the program's own 175, for lines and for listeners.
const SPEED: &str = "150";

/// espeak-ng, or a program that takes the same arguments.
#[derive(Clone, Debug)]
pub struct Espeak {
    program: String,
    voices: BTreeMap<String, String>,
    limit: Duration,
}

impl Espeak {
    /// `program` by name or path; `voices` for languages that shall have another than [`usual_voice`].
    pub fn new(program: &str, voices: BTreeMap<String, String>) -> Self {
        Self { program: program.to_owned(), voices, limit: LIMIT }
    }

    /// The same with another time to speak.
    #[must_use]
    pub fn within(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    fn name_of_voice<'a>(&'a self, language: &'a str) -> &'a str {
        self.voices.get(language).map_or_else(|| usual_voice(language), String::as_str)
    }

    fn wait(&self, child: &mut Child) -> Result<bool, SpeakError> {
        let began = Instant::now();
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return Ok(status.success()),
                Ok(None) if began.elapsed() < self.limit => std::thread::sleep(Duration::from_millis(5)),
                Ok(None) => {
                    end_all(child);
                    let _ = child.wait();
                    return Err(SpeakError::TimedOut { program: self.program.clone(), limit: self.limit });
                }
                Err(source) => return Err(SpeakError::File { file: self.program.clone(), source }),
            }
        }
    }
}

/// The voice of a language, where nobody chose one: languages have the names of voices, but for Chinese.
pub fn usual_voice(language: &str) -> &str {
    match language {
        "zh" => "cmn",
        "en" => "en-us",
        other => other,
    }
}

impl Speaker for Espeak {
    fn voice(&self, language: &str) -> String {
        format!("{} {} {SPEED}", self.program, self.name_of_voice(language))
    }

    fn speak(&self, spoken: &Spoken) -> Result<Vec<u8>, SpeakError> {
        let mut child = Command::new(&self.program)
            .args(["-b", "1", "-s", SPEED, "-v", self.name_of_voice(&spoken.language), "--stdin", "--stdout"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Whatever it starts belongs to its group, and ends with it.
            .process_group(0)
            .spawn()
            .map_err(|source| SpeakError::Missing { program: self.program.clone(), source })?;
        let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let text = spoken.text.clone();
        // The pipes are smaller than what goes through them, so each has somebody who waits for it alone.
        let writes = std::thread::spawn(move || input.map(|mut input| input.write_all(text.as_bytes())));
        let reads = std::thread::spawn(move || taken(output));
        let complains = std::thread::spawn(move || taken(errors));
        let succeeded = self.wait(&mut child)?;
        // A child that it left behind holds the pipes open: there is nothing more to come of it.
        end_all(&child);
        let _ = writes.join();
        let (sound, complaint) = (reads.join().unwrap_or_default(), complains.join().unwrap_or_default());
        if !succeeded || sound.is_empty() {
            let complaint = String::from_utf8_lossy(&complaint);
            let what = complaint.lines().next().unwrap_or("it said nothing").to_owned();
            return Err(SpeakError::Failed { program: self.program.clone(), what });
        }
        Ok(with_length(sound))
    }
}

/// Ends the program and all that it has started.
fn end_all(child: &Child) {
    let group = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(group) = group {
        // Nobody of them may be left, which is as well.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

fn taken(pipe: Option<impl Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        let _ = pipe.take(BYTES_MAX).read_to_end(&mut bytes);
    }
    bytes
}

/// A WAV file that was written into a pipe does not know how long it is.
fn with_length(mut wav: Vec<u8>) -> Vec<u8> {
    let total = u32::try_from(wav.len()).unwrap_or(u32::MAX);
    if wav.len() > 44 && &wav[36..40] == b"data" {
        wav[4..8].copy_from_slice(&total.saturating_sub(8).to_le_bytes());
        wav[40..44].copy_from_slice(&total.saturating_sub(44).to_le_bytes());
    }
    wav
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn it_speaks_english_and_chinese() {
        let espeak = Espeak::new("espeak-ng", BTreeMap::new());
        for (language, text) in
            [("en", "Thank you for calling. One moment, please."), ("zh", "谢谢您的来电。请稍候。")]
        {
            let spoken = Spoken { text: text.to_owned(), language: language.to_owned() };
            let sound = espeak.sound(&spoken).expect("espeak-ng is installed (.ci/install)");
            let seconds = sound.narrow.len() / 8_000;
            assert!((1..10).contains(&seconds), "{language}: {seconds} s");
            assert_eq!(
                sound.wide.map(|wide| wide.len() / 16_000),
                Some(seconds),
                "{language}: 22 kHz are wide"
            );
            let loudest = sound.narrow.iter().map(|sample| sample.unsigned_abs()).max();
            assert!(loudest > Some(3_000), "{language}: {loudest:?}");
        }
    }

    #[test]
    fn a_text_that_looks_like_an_argument_is_a_text() {
        let espeak = Espeak::new("espeak-ng", BTreeMap::new());
        let spoken = Spoken { text: "--help; $(reboot) -w /tmp/x".to_owned(), language: "en".to_owned() };
        assert!(espeak.sound(&spoken).is_ok_and(|sound| sound.narrow.len() > 8_000));
    }

    #[test]
    fn a_program_that_is_not_there_or_does_not_know_the_voice_is_named() {
        let hello = |language: &str| Spoken { text: "hello".to_owned(), language: language.to_owned() };
        let missing = Espeak::new("no-such-program", BTreeMap::new()).speak(&hello("en"));
        assert!(missing.is_err_and(|error| error.to_string().starts_with("there is no no-such-program")));
        let espeak = Espeak::new("espeak-ng", BTreeMap::new());
        let voice = espeak.speak(&hello("qq"));
        assert!(matches!(voice, Err(SpeakError::Failed { .. })), "{voice:?}");
        assert!(matches!(espeak.can_speak("qq"), Err(SpeakError::Failed { .. })));
        assert!(espeak.can_speak("en").is_ok() && espeak.can_speak("zh").is_ok());
    }

    #[test]
    fn a_program_that_hangs_is_ended_with_all_that_it_has_started() {
        for script in ["exec sleep 600", "sleep 600"] {
            let spoken = of_a_script(script, Duration::from_millis(100));
            assert!(matches!(spoken, Err(SpeakError::TimedOut { .. })), "{script}: {spoken:?}");
        }
    }

    #[test]
    fn a_program_that_leaves_a_child_behind_is_not_waited_for() {
        let began = Instant::now();
        let spoken = of_a_script("sleep 600 &\nhead -c 100 /dev/zero", LIMIT);
        assert_eq!(spoken.ok().map(|bytes| bytes.len()), Some(100));
        assert!(began.elapsed() < LIMIT);
    }

    fn of_a_script(script: &str, limit: Duration) -> Result<Vec<u8>, SpeakError> {
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("speaks");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("a file");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("it may run");
        let espeak = Espeak::new(&program.display().to_string(), BTreeMap::new()).within(limit);
        espeak.speak(&Spoken { text: "hello".to_owned(), language: "en".to_owned() })
    }
}
