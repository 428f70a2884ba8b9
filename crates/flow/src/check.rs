//! What can only be checked when everything is read: targets, circles, and whether there are words for what is to be
//! said in each language that can be spoken there.

use crate::finding::Finding;
use crate::flow::Target;
use crate::hours::{self, Hours};
use crate::load::Draft;
use crate::reader::{Pace, Reference, Referent};
use crate::source::World;
use crate::spelling::cure;
use crate::wording::{self, Wording};
use model::{FlowId, PromptId, StepId};
use std::collections::{BTreeMap, BTreeSet};

/// A place a run can be at: a step, or the beginning of a flow, where its hours are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Node<'a> {
    /// Which of the drafts.
    flow: usize,
    step: Option<&'a StepId>,
}

/// Everything that is wrong between the flows.
pub(crate) fn check(
    drafts: &[Draft<'_>],
    hours: &BTreeMap<String, Option<Hours>>,
    world: &World,
) -> Vec<Finding> {
    let map = Map::new(drafts);
    let mut findings = Vec::new();
    findings.extend(map.doubled_names());
    findings.extend(map.doubled_entries());
    findings.extend(map.missing_targets());
    findings.extend(map.missing_hours(hours));
    findings.extend(map.unreachable_steps());
    findings.extend(map.unused_flows());
    findings.extend(map.circles());
    findings.extend(map.missing_prompts(world));
    findings.extend(map.contradicting_wordings());
    findings
}

struct Map<'d, 'a> {
    drafts: &'d [Draft<'a>],
    by_name: BTreeMap<&'d FlowId, usize>,
    /// What stands in each place.
    references: BTreeMap<Node<'d>, Vec<&'d Reference>>,
}

impl<'d, 'a> Map<'d, 'a> {
    fn new(drafts: &'d [Draft<'a>]) -> Self {
        let mut by_name = BTreeMap::new();
        let mut references: BTreeMap<Node<'d>, Vec<&Reference>> = BTreeMap::new();
        for (flow, draft) in drafts.iter().enumerate() {
            by_name.entry(&draft.flow.id).or_insert(flow);
            for reference in &draft.page.references {
                references.entry(Node { flow, step: reference.from.as_ref() }).or_default().push(reference);
            }
        }
        Self { drafts, by_name, references }
    }

    fn at(&self, node: Node<'d>) -> &[&'d Reference] {
        self.references.get(&node).map_or(&[], Vec::as_slice)
    }

    /// Where a target of `flow` leads, if it leads anywhere.
    fn follow<'t>(&self, flow: usize, target: &'t Target) -> Option<Node<'t>>
    where
        'd: 't,
    {
        match target {
            Target::Step(step) => {
                self.drafts[flow].steps_at.contains_key(step).then_some(Node { flow, step: Some(step) })
            }
            Target::Flow(id) => self.by_name.get(id).map(|flow| Node { flow: *flow, step: None }),
        }
    }

    /// Where a place leads, and at which pace.
    fn ways(&self, node: Node<'d>) -> Vec<(Node<'d>, Pace)> {
        let mut ways: Vec<_> = self
            .at(node)
            .iter()
            .filter_map(|reference| match &reference.to {
                Referent::Target(target, pace) => Some((self.follow(node.flow, target)?, *pace)),
                Referent::Prompt(_) | Referent::Hours(_) | Referent::Language(_) => None,
            })
            .collect();
        if node.step.is_none() {
            let start = &self.drafts[node.flow].flow.start;
            if self.drafts[node.flow].steps_at.contains_key(start) {
                ways.push((Node { flow: node.flow, step: Some(start) }, Pace::Hurries));
            }
        }
        ways
    }

    fn doubled_names(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (flow, draft) in self.drafts.iter().enumerate() {
            let first = self.by_name[&draft.flow.id];
            if first != flow {
                let message =
                    format!("the name \"{}\" is taken by {}", draft.flow.id, self.drafts[first].page.name);
                findings.push(draft.page.finding(draft.name_at, message, "give this flow another name"));
            }
        }
        findings
    }

    fn doubled_entries(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut taken: BTreeMap<&str, &Draft<'_>> = BTreeMap::new();
        for draft in self.drafts {
            for (entry, at) in draft.flow.entries.iter().zip(&draft.entries_at) {
                if let Some(other) = taken.insert(entry, draft) {
                    let message = format!("the entry \"{entry}\" is taken by flow {}", other.flow.id);
                    findings.push(draft.page.finding(*at, message, "leave it to one of them"));
                }
            }
        }
        findings
    }

    fn missing_targets(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (flow, draft) in self.drafts.iter().enumerate() {
            let steps = || draft.steps_at.keys().map(StepId::as_str);
            if !draft.steps_at.contains_key(&draft.flow.start) && !draft.steps_at.is_empty() {
                let start = &draft.flow.start;
                let message = format!("there is no step \"{start}\" to start with");
                findings.push(draft.page.finding(draft.start_at, message, cure(start.as_str(), steps())));
            }
            for reference in &draft.page.references {
                let Referent::Target(target, _) = &reference.to else { continue };
                if self.follow(flow, target).is_some() {
                    continue;
                }
                let (message, help) = match target {
                    Target::Step(step) => {
                        (format!("there is no step \"{step}\""), cure(step.as_str(), steps()))
                    }
                    Target::Flow(id) => (
                        format!("there is no flow \"{id}\""),
                        cure(id.as_str(), self.by_name.keys().map(|name| name.as_str())),
                    ),
                };
                findings.push(draft.page.finding(reference.at, message, help));
            }
        }
        findings
    }

    fn has_missing_targets(&self, flow: usize) -> bool {
        let draft = &self.drafts[flow];
        let missing = |reference: &Reference| match &reference.to {
            Referent::Target(target, _) => self.follow(flow, target).is_none(),
            Referent::Prompt(_) | Referent::Hours(_) | Referent::Language(_) => false,
        };
        !draft.steps_at.contains_key(&draft.flow.start) || draft.page.references.iter().any(missing)
    }

    fn missing_hours(&self, known: &BTreeMap<String, Option<Hours>>) -> Vec<Finding> {
        let mut findings = Vec::new();
        // Hours that belong to a flow are not for others.
        let files = || known.keys().map(String::as_str).filter(|name| !name.contains('/'));
        for draft in self.drafts {
            for reference in &draft.page.references {
                if let Referent::Hours(name) = &reference.to
                    && !files().any(|file| file == name)
                {
                    let (message, help) = hours::unknown(name, files());
                    findings.push(draft.page.finding(reference.at, message, help));
                }
            }
        }
        findings
    }

    fn unreachable_steps(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (flow, draft) in self.drafts.iter().enumerate() {
            // A mistake that was told already may be the reason.
            if draft.page.lost_ways || self.has_missing_targets(flow) {
                continue;
            }
            let mut seen = BTreeSet::new();
            let mut open = vec![Node { flow, step: None }];
            while let Some(node) = open.pop() {
                if node.flow == flow && seen.insert(node) {
                    open.extend(self.ways(node).into_iter().map(|(way, _)| way));
                }
            }
            for (step, at) in &draft.steps_at {
                if !seen.contains(&Node { flow, step: Some(step) }) {
                    let message = format!("nothing leads to step {step}");
                    let help = "lead another step to it with then, on or otherwise, or remove it";
                    findings.push(draft.page.finding(*at, message, help));
                }
            }
        }
        findings
    }

    fn unused_flows(&self) -> Vec<Finding> {
        let mut used = BTreeSet::new();
        for (flow, draft) in self.drafts.iter().enumerate() {
            for reference in &draft.page.references {
                if let Referent::Target(target @ Target::Flow(_), _) = &reference.to {
                    used.extend(
                        self.follow(flow, target).map(|node| node.flow).filter(|other| *other != flow),
                    );
                }
            }
        }
        let unused =
            |(flow, draft): &(usize, &Draft<'_>)| draft.flow.entries.is_empty() && !used.contains(flow);
        let complain = |(_, draft): (usize, &Draft<'_>)| {
            let message = format!("flow {} has no entry and no other flow leads to it", draft.flow.id);
            let help = format!("add entry = [\"tel:…\"], or lead to it with \"flow:{}\"", draft.flow.id);
            draft.page.finding(draft.name_at, message, help)
        };
        self.drafts.iter().enumerate().filter(unused).map(complain).collect()
    }

    /// Circles in which nobody is ever waited for: the caller could do nothing, and the call would go round until
    /// it is hung up.
    fn circles(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut done: BTreeSet<Node<'d>> = BTreeSet::new();
        for (flow, draft) in self.drafts.iter().enumerate() {
            let begin = core::iter::once(None).chain(draft.steps_at.keys().map(Some));
            for step in begin {
                self.walk(Node { flow, step }, &mut done, &mut findings);
            }
        }
        findings
    }

    /// Walks everything that can be reached in a hurry, depth first and without recursion.
    fn walk(&self, begin: Node<'d>, done: &mut BTreeSet<Node<'d>>, findings: &mut Vec<Finding>) {
        if !done.insert(begin) {
            return;
        }
        let mut path = vec![(begin, self.hurried_ways(begin))];
        let mut on_path = BTreeSet::from([begin]);
        while let Some((node, ways)) = path.last_mut() {
            let Some(way) = ways.pop() else {
                on_path.remove(node);
                path.pop();
                continue;
            };
            if on_path.contains(&way) {
                let circle = path.iter().map(|(node, _)| *node).skip_while(|node| *node != way).collect();
                findings.extend(self.circle(circle));
            } else if done.insert(way) {
                on_path.insert(way);
                path.push((way, self.hurried_ways(way)));
            }
        }
    }

    fn hurried_ways(&self, node: Node<'d>) -> Vec<Node<'d>> {
        let hurries = |(way, pace): (Node<'d>, Pace)| (pace == Pace::Hurries).then_some(way);
        self.ways(node).into_iter().filter_map(hurries).collect()
    }

    /// The complaint about a circle, told from its first step in the file.
    fn circle(&self, mut circle: Vec<Node<'d>>) -> Option<Finding> {
        let place = |node: &Node<'d>| {
            let step = node.step?;
            Some((node.flow, self.drafts[node.flow].steps_at.get(step)?))
        };
        circle.retain(|node| node.step.is_some());
        let first = circle.iter().enumerate().filter_map(|(at, node)| Some((place(node)?, at))).min()?.1;
        circle.rotate_left(first);
        let home = circle.first()?.flow;
        let names: Vec<String> = circle
            .iter()
            .chain(circle.first())
            .filter_map(|node| {
                let step = node.step?;
                Some(match node.flow == home {
                    true => step.to_string(),
                    false => format!("{}:{step}", self.drafts[node.flow].flow.id),
                })
            })
            .collect();
        let (_, at) = place(circle.first()?)?;
        let message = format!("the circle {} never waits for anybody", names.join(" → "));
        let help = "put a step into it that waits, as ask, queue, record or music do";
        Some(self.drafts[home].page.finding(*at, message, help))
    }

    /// Prompts that say one thing here and another there.
    fn contradicting_wordings(&self) -> Vec<Finding> {
        let all: Vec<_> = self
            .drafts
            .iter()
            .flat_map(|draft| draft.wordings.iter().map(move |wording| (draft, wording)))
            .collect();
        let pairs = wording::contradictions(all.iter().map(|(_, (wording, _))| wording));
        let finding = |(first, other): (usize, usize)| {
            let (draft, (wording, at)) = all[other];
            let Wording { prompt, language, .. } = wording;
            let message =
                format!("prompt {prompt} says something else in {language} in {}", all[first].0.page.name);
            draft.page.finding(*at, message, "let both say the same, or remove one")
        };
        pairs.into_iter().map(finding).collect()
    }

    /// Prompts that are not there in a language that can be spoken where they are said.
    fn missing_prompts(&self, world: &World) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (node, spoken) in self.languages(world) {
            for reference in self.at(node) {
                let Referent::Prompt(prompt) = &reference.to else { continue };
                let page = &self.drafts[node.flow].page;
                let missing: Vec<&str> = spoken
                    .iter()
                    .copied()
                    .filter(|language| {
                        !world.prompts.get(*language).is_some_and(|there| there.contains(prompt))
                    })
                    .collect();
                if !world.prompts.values().any(|there| there.contains(prompt)) {
                    let known: BTreeSet<&str> =
                        world.prompts.values().flatten().map(PromptId::as_str).collect();
                    let message = format!("there is no prompt \"{prompt}\"");
                    findings.push(page.finding(reference.at, message, cure(prompt.as_str(), known)));
                } else if !missing.is_empty() {
                    let message = format!(
                        "the prompt \"{prompt}\" is not there in {}, which is spoken here",
                        missing.join(", ")
                    );
                    let files: Vec<String> =
                        missing.iter().map(|language| format!("media/{language}/{prompt}.wav")).collect();
                    findings.push(page.finding(
                        reference.at,
                        message,
                        format!("record {}, or write what it says ([prompt.{prompt}])", files.join(" and ")),
                    ));
                }
            }
        }
        findings
    }

    /// The languages that can be spoken in each place.
    fn languages(&self, world: &'d World) -> BTreeMap<Node<'d>, BTreeSet<&'d str>> {
        let mut spoken: BTreeMap<Node<'d>, BTreeSet<&'d str>> = BTreeMap::new();
        let mut open: Vec<(Node<'d>, &'d str)> = Vec::new();
        for (flow, draft) in self.drafts.iter().enumerate() {
            let languages: Vec<&str> = match &draft.flow.language {
                Some(language) => vec![language.as_str()],
                // The center's own language, which may be any.
                None => world.prompts.keys().map(String::as_str).collect(),
            };
            let node = Node { flow, step: None };
            // What nobody leads to is checked in the language it would be entered in.
            let steps = draft.steps_at.keys().map(|step| Node { flow, step: Some(step) });
            let entered = !draft.flow.entries.is_empty() || draft.flow.language.is_some();
            let entered = entered && draft.language_known;
            let begins = core::iter::once(node).filter(|_| entered);
            open.extend(begins.flat_map(|node| languages.iter().map(move |language| (node, *language))));
            for node in steps {
                spoken.entry(node).or_default();
            }
        }
        while let Some((node, language)) = open.pop() {
            if !spoken.entry(node).or_default().insert(language) {
                continue;
            }
            let after = self.at(node).iter().find_map(|reference| match &reference.to {
                Referent::Language(set) => Some(set.as_str()),
                Referent::Target(..) | Referent::Prompt(_) | Referent::Hours(_) => None,
            });
            let after = after.unwrap_or(language);
            open.extend(self.ways(node).into_iter().map(|(way, _)| (way, after)));
        }
        spoken
    }
}
