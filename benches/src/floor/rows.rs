//! Rows of one table in COPY's binary format, gathered and sent in large pieces.

use bytes::{BufMut, BytesMut};
use futures_util::SinkExt;
use tokio_postgres::types::{IsNull, ToSql, Type};
use tokio_postgres::{Statement, Transaction};

use crate::Result;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const TRAILER: i16 = -1;
const NULL: i32 = -1;

/// A table and the columns that are written, in order.
pub struct Columns {
    pub table: &'static str,
    pub columns: &'static [(&'static str, Type)],
}

pub struct Rows {
    columns: &'static Columns,
    copy: Statement,
    bytes: BytesMut,
}

impl Rows {
    pub async fn of(
        columns: &'static Columns,
        transaction: &Transaction<'_>,
        schema: &str,
    ) -> Result<Rows> {
        let names: Vec<_> = columns
            .columns
            .iter()
            .map(|(name, _)| format!("\"{name}\""))
            .collect();
        let copy = format!(
            "COPY {schema}.{} ({}) FROM STDIN (FORMAT binary)",
            columns.table,
            names.join(", ")
        );
        Ok(Rows {
            columns,
            copy: transaction.prepare(&copy).await?,
            bytes: BytesMut::new(),
        })
    }

    pub fn add(&mut self, values: &[&(dyn ToSql + Sync)]) -> Result<()> {
        assert_eq!(
            values.len(),
            self.columns.columns.len(),
            "{}",
            self.columns.table
        );
        self.bytes.put_i16(values.len() as i16);
        for (value, (_, column_type)) in values.iter().zip(self.columns.columns) {
            let start = self.bytes.len();
            self.bytes.put_i32(NULL);
            if let IsNull::No = value.to_sql_checked(column_type, &mut self.bytes)? {
                let length = (self.bytes.len() - start - 4) as i32;
                self.bytes[start..start + 4].copy_from_slice(&length.to_be_bytes());
            }
        }
        Ok(())
    }

    /// Bytes that wait to be sent.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    pub async fn send(&mut self, transaction: &Transaction<'_>) -> Result<()> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        self.bytes.put_i16(TRAILER);
        let mut sink = std::pin::pin!(transaction.copy_in(&self.copy).await?);
        sink.feed(SIGNATURE.into()).await?;
        sink.send(self.bytes.split().freeze()).await?;
        sink.finish().await?;
        Ok(())
    }
}
