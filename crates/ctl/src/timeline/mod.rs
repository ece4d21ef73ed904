//! A run as a picture: one HTML file without anything from outside.
//!
//! | module | holds |
//! | --- | --- |
//! | [`record`] | collects what containers do, in bounded memory |
//! | [`track`] | what is kept of each container |
//! | [`messages`] | pairs what one container sent with what another received |
//! | [`findings`] | sentences: who was refused, why a period was missed, who ended by a fault |
//! | [`page`] | writes the file; `page.html`, `page.css` and `page.js` are its parts |

pub(crate) mod findings;
pub(crate) mod messages;
pub(crate) mod page;
pub(crate) mod record;
pub(crate) mod track;
