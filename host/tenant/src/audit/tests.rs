//! What the chain finds, and what no entry may hold.

use super::*;
use proptest::prelude::*;

fn chain(length: u64) -> Vec<Link> {
    let mut head = Head::EMPTY;
    let links = (1..=length).map(|number| {
        let mut link = Link {
            number,
            at_micros: 1_000 * number as i64,
            actor: "host".into(),
            action: AuditAction::OrderSending.as_str().into(),
            subject: number.to_string(),
            details: format!("{{\"quantity\":{number}}}"),
            hash: [0; 32],
        };
        link.hash = head.next("UK9394", &link);
        head = Head { number, hash: link.hash };
        link
    });
    links.collect()
}

/// The number of the entry where the chain breaks; none where it holds.
fn broken_at(name: &str, links: &[Link]) -> Option<u64> {
    let mut check = ChainCheck::new(name, None);
    links.iter().find_map(|link| check.take(link).err()).map(|broken| broken.number)
}

#[test]
fn a_chain_that_nobody_touched_holds_to_its_head() {
    let links = chain(50);
    let mut check = ChainCheck::new("UK9394", None);
    links.iter().for_each(|link| check.take(link).unwrap());
    assert_eq!(check.head(), Head { number: 50, hash: links[49].hash });
    assert_eq!(broken_at("UK9394", &[]), None);
}

#[test]
fn one_altered_removed_inserted_or_moved_entry_is_found_and_named() {
    let whole = chain(20);
    let altered = |change: fn(&mut Link)| {
        let mut links = whole.clone();
        change(&mut links[9]);
        broken_at("UK9394", &links)
    };
    assert_eq!(altered(|link| link.details.replace_range(2..3, "Q")), Some(10), "one byte of the details");
    assert_eq!(altered(|link| link.actor.push(' ')), Some(10));
    assert_eq!(altered(|link| link.action = "orderChanged".into()), Some(10));
    assert_eq!(altered(|link| link.subject = "11".into()), Some(10));
    assert_eq!(altered(|link| link.at_micros += 1), Some(10));
    assert_eq!(altered(|link| link.hash[31] ^= 1), Some(10));
    assert_eq!(altered(|link| std::mem::swap(&mut link.actor, &mut link.subject)), Some(10));

    let mut removed = whole.clone();
    removed.remove(9);
    assert_eq!(broken_at("UK9394", &removed), Some(11));
    removed.iter_mut().skip(9).for_each(|link| link.number -= 1);
    assert_eq!(broken_at("UK9394", &removed), Some(10), "renumbered after it was removed");

    let mut inserted = whole.clone();
    inserted.insert(9, whole[8].clone());
    inserted.iter_mut().skip(9).for_each(|link| link.number += 1);
    assert_eq!(broken_at("UK9394", &inserted), Some(10));

    let mut moved = whole.clone();
    moved.swap(9, 10);
    assert_eq!(broken_at("UK9394", &moved), Some(11), "in another order");
    (moved[9].number, moved[10].number) = (10, 11);
    assert_eq!(broken_at("UK9394", &moved), Some(10), "in another order, renumbered");
}

#[test]
fn a_chain_of_another_tenant_does_not_hold_under_this_name() {
    assert_eq!(broken_at("AB1234", &chain(3)), Some(1));
}

#[test]
fn a_front_that_was_removed_needs_the_checkpoint_that_fits_it() {
    let links = chain(20);
    let checkpoint = Checkpoint { number: 8, hash: links[7].hash };
    let follow = |from| {
        let mut check = ChainCheck::new("UK9394", from);
        links[8..].iter().find_map(|link| check.take(link).err())
    };
    assert_eq!(follow(Some(checkpoint)), None);
    let missing = follow(None).unwrap();
    assert!(missing.number == 9 && missing.why.contains("entries 1 to 8 are missing"), "{missing}");
    assert_eq!(follow(Some(Checkpoint { hash: links[6].hash, ..checkpoint })).unwrap().number, 9);
    assert_eq!(follow(Some(Checkpoint { number: 9, ..checkpoint })).unwrap().number, 9);
}

proptest! {
    /// The texts of an entry cannot be shifted from one field into the next.
    #[test]
    fn no_two_entries_hash_the_same(a in "[a-z ]{0,6}", b in "[a-z ]{0,6}", c in "[a-z ]{0,6}", d in "[a-z ]{0,6}") {
        let link = |actor: &str, action: &str| Link {
            number: 1, at_micros: 0, actor: actor.into(), action: action.into(),
            subject: String::new(), details: String::new(), hash: [0; 32],
        };
        let same = (&a, &b) == (&c, &d);
        prop_assert_eq!(Head::EMPTY.next("x", &link(&a, &b)) == Head::EMPTY.next("x", &link(&c, &d)), same);
    }
}

#[test]
fn an_actor_is_named_with_the_place_it_came_from() {
    let session = Actor::Session { id: "k3".into(), address: Some("203.0.113.9".parse().unwrap()) };
    assert_eq!(session.to_string(), "session k3 from 203.0.113.9");
    assert_eq!(Actor::Token { id: "t1".into(), address: None }.to_string(), "token t1");
    assert_eq!(Actor::Run("r1".into()).to_string(), "run r1");
}
