//! What the endpoint promises, one file per behaviour, all in virtual time.

mod support;

mod a_call_comes_in;
mod a_call_goes_out;
mod a_late_offer_is_completed_by_the_ack;
mod an_answer_without_ack_is_hung_up;
mod any_single_packet_may_be_lost;
mod callers_are_identified;
mod cancel_and_answer_may_cross;
mod crossing_reinvites_give_way;
mod digits_come_and_go_as_info;
mod every_table_is_bounded;
mod hostile_bytes_do_no_harm;
mod identity_and_topology;
mod media_is_agreed;
mod offers_are_answered;
mod phones_register;
mod provisional_responses_are_acknowledged;
mod random_scripts_end_well;
mod sessions_are_refreshed;
mod several_phones_ring_at_once;
mod strange_messages;
mod streams_are_framed;
mod the_other_side_holds_and_resumes;
mod the_way_back_leads_through_nat;
mod transfers;
mod trunks_are_registered;
mod updates_cross;
mod wrong_requests_are_refused;
