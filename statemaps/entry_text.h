// SPDX-License-Identifier: BSD-2-Clause
// A field's bytes ↔ what a person writes.
//
//	address    10.0.0.1, fd00::1           time     an age: 12.5s, 2h4m; now; never
//	port       443 (__be16: host order)    jiffies  ticks ago: 12j; now
//	enum       ESTABLISHED, FSM_SYN_SENT   bytes    hex: 00ff10
//	proto      tcp, udp, icmp, 47          mac      02:00:00:00:00:01
//
// A time ahead of the clock has a negative age.
#pragma once

#include <cstdint>
#include <expected>
#include <nlohmann/json.hpp>
#include <string>

#include "layout.h"
#include "moment.h"

namespace nfup::statemaps {

// `part` is the start of the key or of the value, whichever the field is in.
std::string to_text(const EntryField& field, const std::uint8_t* part, const Moment& now);

// Numbers as numbers; times as seconds of age (null: never), jiffies as ticks ago.
nlohmann::json to_value(const EntryField& field, const std::uint8_t* part, const Moment& now);

// Writes the field; or says what is wrong with the text.
std::expected<void, std::string> parse_into(const EntryField& field, const std::string& text, std::uint8_t* part,
					    const Moment& now);

// The field as a number, in host order: for number, named, proto. Also time and
// jiffies: the age.
__int128 number_of(const EntryField& field, const std::uint8_t* part, const Moment& now);
// The same of a text. Error: why it is none.
std::expected<__int128, std::string> parse_number(const EntryField& field, const std::string& text);

bool is_numeric(Meaning meaning);

} // namespace nfup::statemaps
