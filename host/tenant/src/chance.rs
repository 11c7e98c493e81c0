//! Randomness from the system, for secrets, ids and tags.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

const ID_LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const ID_CHARACTERS: usize = 16;

/// 256 bits as text for a cookie or header.
pub(crate) fn secret() -> Zeroizing<String> {
    let bytes = Zeroizing::new(bytes::<32>());
    Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes))
}

/// Names a row; opens nothing.
pub(crate) fn id() -> String {
    letters(ID_LETTERS, ID_CHARACTERS)
}

/// So many bytes.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .expect("the system call waits until the pool is seeded and cannot fail after");
    bytes
}

/// Letters of an alphabet, each equally likely.
fn letters(alphabet: &[u8], count: usize) -> String {
    let fair = 256 / alphabet.len() * alphabet.len();
    let mut text = String::with_capacity(count);
    while text.len() < count {
        let drawn = bytes::<32>();
        let fitting = drawn.iter().map(|b| usize::from(*b)).filter(|b| *b < fair);
        text.extend(fitting.take(count - text.len()).map(|b| char::from(alphabet[b % alphabet.len()])));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_of_their_alphabet_and_never_the_same() {
        let ids: std::collections::BTreeSet<String> = (0..1_000).map(|_| id()).collect();
        assert_eq!(ids.len(), 1_000);
        let fine = |id: &String| id.len() == ID_CHARACTERS && id.bytes().all(|b| ID_LETTERS.contains(&b));
        assert!(ids.iter().all(fine));
    }
}
