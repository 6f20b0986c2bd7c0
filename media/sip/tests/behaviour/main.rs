//! What the endpoint promises, one file per behaviour, all in virtual time.

mod support;

mod a_call_comes_in;
mod a_call_goes_out;
mod a_late_offer_is_completed_by_the_ack;
mod an_answer_without_ack_is_hung_up;
mod any_single_packet_may_be_lost;
mod browsers_speak_over_websockets;
mod callers_are_identified;
mod calls_are_shed_when_full;
mod calls_fail_over;
mod cancel_and_answer_may_cross;
mod crossing_reinvites_give_way;
mod digits_come_and_go_as_info;
mod every_table_is_bounded;
mod guessers_are_shut_out;
mod hostile_bytes_do_no_harm;
mod numbers_are_translated;
mod offers_are_answered;
mod phones_register;
mod several_phones_ring_at_once;
mod streams_are_framed;
mod the_other_side_holds_and_resumes;
mod the_way_back_leads_through_nat;
mod traces_are_kept;
mod trunks_are_called_over_tls;
mod trunks_are_limited;
mod trunks_are_probed;
mod trunks_are_registered;
mod wrong_requests_are_refused;
