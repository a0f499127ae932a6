//! Working as another role for a while. Who we are, the search path and other settings are put back, however it ends.

use pgrx::pg_sys;
use std::ffi::CStr;

/// What was before; dropping it puts that back.
pub struct Before {
    user: pg_sys::Oid,
    context: i32,
    settings: i32,
    keeps_settings: bool,
}

impl Before {
    /// From here on names and operators are those of this search path. `keeps_settings`: what the work sets for the
    /// session stays set.
    pub fn search_path(search_path: &CStr, keeps_settings: bool) -> Before {
        let (mut user, mut context) = (pg_sys::InvalidOid, 0);
        unsafe {
            let settings = pg_sys::NewGUCNestLevel();
            pg_sys::GetUserIdAndSecContext(&mut user, &mut context);
            let before = Before {
                user,
                context,
                settings,
                keeps_settings,
            };
            pg_sys::set_config_option(
                c"search_path".as_ptr(),
                search_path.as_ptr(),
                pg_sys::GucContext::PGC_USERSET,
                pg_sys::GucSource::PGC_S_SESSION,
                pg_sys::GucAction::GUC_ACTION_SAVE,
                true,
                0,
                false,
            );
            before
        }
    }

    /// From here on with the rights of this role, and `SECURITY_RESTRICTED_OPERATION` or no more than a change of roles.
    pub fn act_as(&self, role: pg_sys::Oid, restrictions: u32) {
        let context = self.context | (pg_sys::SECURITY_LOCAL_USERID_CHANGE | restrictions) as i32;
        unsafe { pg_sys::SetUserIdAndSecContext(role, context) };
    }
}

impl Drop for Before {
    fn drop(&mut self) {
        unsafe {
            pg_sys::SetUserIdAndSecContext(self.user, self.context);
            // After an error the abort of the transaction does it.
            if !std::thread::panicking() {
                pg_sys::AtEOXact_GUC(self.keeps_settings, self.settings);
            }
        }
    }
}
