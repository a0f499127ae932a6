//! Reads COPY's binary format back, by the manual and not by our encoder.

use call_rows::Rows;

/// The fields of one row; None is NULL.
pub type Fields = Vec<Option<Vec<u8>>>;

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, left) = self.0.split_at(length);
        self.0 = left;
        taken
    }

    fn int2(&mut self) -> i16 {
        i16::from_be_bytes(self.take(2).try_into().unwrap())
    }

    fn int4(&mut self) -> i32 {
        i32::from_be_bytes(self.take(4).try_into().unwrap())
    }
}

/// Every row, each with as many fields as the target has columns.
pub fn decoded(rows: &Rows) -> Vec<Fields> {
    let file = [Rows::SIGNATURE, rows.body(), Rows::TRAILER].concat();
    let mut bytes = Bytes(&file);
    assert_eq!(bytes.take(11), b"PGCOPY\n\xff\r\n\0");
    assert_eq!(bytes.int4(), 0, "no flags");
    assert_eq!(bytes.int4(), 0, "no header extension");
    let mut decoded = Vec::new();
    loop {
        let fields = bytes.int2();
        if fields == -1 {
            break;
        }
        assert_eq!(fields as usize, rows.columns().len());
        let row = (0..fields).map(|_| match bytes.int4() {
            -1 => None,
            length => Some(bytes.take(length.try_into().unwrap()).to_vec()),
        });
        decoded.push(row.collect());
    }
    assert!(bytes.0.is_empty(), "nothing behind the trailer");
    assert_eq!(decoded.len(), rows.len());
    decoded
}

/// The values of one column.
pub fn column<T>(rows: &Rows, name: &str, read: fn(&[u8]) -> T) -> Vec<Option<T>> {
    let place = rows.columns().iter().position(|column| *column == name);
    let place = place.unwrap_or_else(|| panic!("{} has no {name}", rows.table()));
    decoded(rows)
        .into_iter()
        .map(|row| row[place].as_deref().map(read))
        .collect()
}

pub fn int4(bytes: &[u8]) -> i32 {
    i32::from_be_bytes(bytes.try_into().unwrap())
}

pub fn int8(bytes: &[u8]) -> i64 {
    i64::from_be_bytes(bytes.try_into().unwrap())
}

pub fn float8(bytes: &[u8]) -> f64 {
    f64::from_be_bytes(bytes.try_into().unwrap())
}

pub fn bool(bytes: &[u8]) -> bool {
    match bytes {
        [0] => false,
        [1] => true,
        other => panic!("{other:?} is no truth value"),
    }
}

/// PostgreSQL refuses text that is no UTF-8 or holds a NUL character.
pub fn text(bytes: &[u8]) -> String {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    assert!(!text.contains('\0'));
    text
}

pub fn jsonb(bytes: &[u8]) -> serde_json::Value {
    assert_eq!(bytes[0], 1, "the version of jsonb's format");
    serde_json::from_slice(&bytes[1..]).unwrap()
}

/// Microseconds since 2000.
pub fn time_us(bytes: &[u8]) -> i64 {
    int8(bytes)
}

pub fn texts(bytes: &[u8]) -> Vec<String> {
    let mut bytes = Bytes(bytes);
    let (dimensions, has_nulls, element) = (bytes.int4(), bytes.int4(), bytes.int4());
    assert_eq!((has_nulls, element), (0, 25));
    if dimensions == 0 {
        assert!(bytes.0.is_empty());
        return Vec::new();
    }
    assert_eq!(dimensions, 1);
    let (length, lower_bound) = (bytes.int4(), bytes.int4());
    assert!(length > 0);
    assert_eq!(lower_bound, 1);
    let read = (0..length).map(|_| {
        let length = bytes.int4();
        text(bytes.take(length.try_into().unwrap()))
    });
    let read: Vec<String> = read.collect();
    assert!(bytes.0.is_empty());
    read
}
