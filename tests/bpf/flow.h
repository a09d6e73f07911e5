// SPDX-License-Identifier: BSD-2-Clause
// The flow a packet should be found to have.
#pragma once

#include <arpa/inet.h>

#include <cstring>
#include <ostream>
#include <string>

#include "bpf/contract.h"

inline bool operator==(const flow_key& a, const flow_key& b)
{
	return std::memcmp(&a, &b, sizeof a) == 0;
}

inline std::ostream& operator<<(std::ostream& os, const flow_key& k)
{
	char s[INET6_ADDRSTRLEN], d[INET6_ADDRSTRLEN];
	inet_ntop(AF_INET6, k.saddr, s, sizeof s);
	inet_ntop(AF_INET6, k.daddr, d, sizeof d);
	return os << s << " " << ntohs(k.sport) << " > " << d << " " << ntohs(k.dport) << " proto " << int{k.proto}
		  << " family " << int{k.family} << " zero " << k.zero;
}

namespace nfup::test {

inline flow_key flow(const std::string& src, unsigned sport, const std::string& dst, unsigned dport, unsigned proto)
{
	flow_key k{};
	bool six = src.find(':') != std::string::npos;
	inet_pton(AF_INET6, (six ? src : "::ffff:" + src).c_str(), k.saddr);
	inet_pton(AF_INET6, (six ? dst : "::ffff:" + dst).c_str(), k.daddr);
	k.sport = htons(static_cast<std::uint16_t>(sport));
	k.dport = htons(static_cast<std::uint16_t>(dport));
	k.proto = static_cast<__u8>(proto);
	k.family = six ? 6 : 4;
	return k;
}

} // namespace nfup::test
