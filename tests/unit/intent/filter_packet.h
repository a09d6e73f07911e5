// SPDX-License-Identifier: BSD-2-Clause
// A packet as filters see it, and the search that bpf/lib/filter_search.h does,
// in C++.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intent/filter_ast.h"
#include "intent/filter_compile.h"

namespace nfup::intent::test {

struct Packet {
	int family = 4;
	Number src = 0, dst = 0;
	unsigned proto = 6;
	unsigned sport = 0, dport = 0;
	bool fragment = false;
	bool later = false; // a fragment without the transport header
	unsigned icmp_type = 0, icmp_code = 0;
	unsigned tcp_flags = 0, window = 0;
	unsigned ttl = 64, tos = 0, header_length = 5, id = 0, length = 40;
};

Number address(const std::string& text); // IPv4 mapped

filter_key key_of(const Packet& packet);

// The action of the entry of the lowest rank that the key meets.
unsigned search(const FilterTables& tables, const filter_key& key);

// The tables of these rules; fails the test if there are none.
FilterTables compile(FilterForm form, const std::vector<std::string>& texts);

// Does this packet match the expression?
bool matches(const std::string& expression, const Packet& packet);

} // namespace nfup::intent::test
