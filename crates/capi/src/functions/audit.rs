//! Calls that were refused.

use super::arguments::{code, initialized, write_out};
use crate::link::calls;
use crate::result::{TinycontainerResult, TinycontainerResult as Code};
use crate::types::{AuditRecord, c_uid};

/// Writes the audit record with the lowest number above `after` to `record`: a native call of a container that
/// was refused. Begin with 0 and go on with the number of the last record. The device keeps the latest records
/// only, a share for each container: one that is refused often replaces its own.
///
/// Returns 0, or `TINYCONTAINER_RESULT_END` if there is none.
///
/// # Safety
/// `record` points to memory for a record, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tinycontainer_audit_next(
    after: u64,
    record: *mut AuditRecord,
) -> TinycontainerResult {
    let found = initialized().and_then(|()| {
        let (found, uid) = calls::refusal_after(after).ok_or(Code::End)?;
        Ok(AuditRecord {
            number: found.number,
            endpoint: found.denial.endpoint.unwrap_or(0),
            at_ms: found.at_ms,
            uid: c_uid(&uid.unwrap_or_default()),
            call: found.call as u8,
            reason: found.denial.reason as u8,
            has_endpoint: found.denial.endpoint.is_some(),
            dropped: found.dropped,
        })
    });
    // SAFETY: as the caller has promised.
    code(found.and_then(|found| unsafe { write_out(record, found) }))
}
