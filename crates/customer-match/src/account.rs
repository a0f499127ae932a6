//! Ids of accounts in a CRM.

/// The form in which two ids of one account are equal; None for the empty id of a placeholder.
///
/// Salesforce writes one id with 15 characters, where capitals matter, and with 18, where three more tell the capitals.
pub fn account_key(id: &str) -> Option<&str> {
    let id = id.trim();
    if id.is_empty() {
        return None;
    }
    // No id of Salesforce is all digits: without a capital, the three are AAA.
    let long = id.len() == 18
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && !id.bytes().all(|byte| byte.is_ascii_digit());
    Some(if long { &id[..15] } else { id })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_salesforce_id_are_one_account() {
        assert_eq!(account_key("0014X00002abCdE"), Some("0014X00002abCdE"));
        assert_eq!(account_key(" 0014X00002abCdEQAZ "), Some("0014X00002abCdE"));
    }

    #[test]
    fn capitals_tell_accounts_apart() {
        assert_ne!(
            account_key("0014X00002abCdE"),
            account_key("0014X00002abcde")
        );
    }

    #[test]
    fn other_ids_stay_as_they_are() {
        for id in [
            "8812345678",
            "123456789012345678",
            "acme-and-partners-9",
            "a b c d e f g h i j",
            "éééééé123456",
        ] {
            assert_eq!(account_key(id), Some(id));
        }
    }

    #[test]
    fn an_empty_id_is_none() {
        assert_eq!(account_key(" "), None);
    }
}
