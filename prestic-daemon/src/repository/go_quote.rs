//! Reads names as restic writes them into trees: what Go's `strconv.Quote` makes of bytes.

/// Appends the bytes of a quoted name. What is no valid quoting stands for itself.
pub fn unquote_into(text: &str, bytes: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(backslash) = rest.find('\\') {
        bytes.extend_from_slice(&rest.as_bytes()[..backslash]);
        rest = &rest[backslash + 1..];
        rest = match escape(rest, bytes) {
            Some(rest) => rest,
            None => {
                bytes.push(b'\\');
                rest
            }
        };
    }
    bytes.extend_from_slice(rest.as_bytes());
}

/// Reads what follows a backslash, and returns what follows that.
fn escape<'text>(text: &'text str, bytes: &mut Vec<u8>) -> Option<&'text str> {
    let letter = text.chars().next()?;
    let rest = &text[letter.len_utf8()..];
    let byte = match letter {
        'a' => 0x07,
        'b' => 0x08,
        'f' => 0x0c,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 0x0b,
        '\\' | '"' | '\'' => letter as u8,
        'x' => u8::try_from(number(rest, 2)?).ok()?,
        'u' | 'U' => {
            let digits = if letter == 'u' { 4 } else { 8 };
            let character = char::from_u32(number(rest, digits)?)?;
            bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            return rest.get(digits..);
        }
        _ => return None,
    };
    bytes.push(byte);
    if letter == 'x' { rest.get(2..) } else { Some(rest) }
}

fn number(text: &str, digits: usize) -> Option<u32> {
    let text = text.get(..digits)?;
    if text.bytes().all(|digit| digit.is_ascii_hexdigit()) { u32::from_str_radix(text, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[u8]) {
        let mut bytes = Vec::new();
        unquote_into(text, &mut bytes);
        assert_eq!(bytes, expected, "{text}");
    }

    #[test]
    fn names_come_back_byte_by_byte() {
        check("plain-ü.txt", "plain-ü.txt".as_bytes());
        check(r"bad-\xff.txt", b"bad-\xff.txt");
        check(r#"new\nline, quo\"te, back\\slash"#, b"new\nline, quo\"te, back\\slash");
        check(r"\a\b\f\n\r\t\v\x7f", b"\x07\x08\x0c\n\r\t\x0b\x7f");
        check(r"\u202ertl \U0001f600", "\u{202e}rtl 😀".as_bytes());
        check("", b"");
    }

    #[test]
    fn what_is_no_quoting_stands_for_itself() {
        check(r"\q \x4 \xzz \", br"\q \x4 \xzz \");
        check(r"\ud800 \x+1 \é", r"\ud800 \x+1 \é".as_bytes());
    }
}
