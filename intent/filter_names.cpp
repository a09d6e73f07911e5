// SPDX-License-Identifier: BSD-2-Clause
#include "filter_names.h"

#include <map>

namespace nfup::intent {

namespace {

using Names = std::map<std::string, unsigned, std::less<>>;

// Click's, those of the IANA registry that firewalls name most, and `http`.
const Names& ports()
{
	static const Names names = {
	    {"echo", 7},          {"discard", 9},  {"daytime", 13},   {"chargen", 19},     {"ftp-data", 20},
	    {"ftp", 21},          {"ssh", 22},     {"telnet", 23},    {"smtp", 25},        {"domain", 53},
	    {"dns", 53},          {"bootps", 67},  {"bootpc", 68},    {"tftp", 69},        {"finger", 79},
	    {"www", 80},          {"http", 80},    {"kerberos", 88},  {"pop3", 110},       {"sunrpc", 111},
	    {"auth", 113},        {"nntp", 119},   {"ntp", 123},      {"netbios-ns", 137}, {"netbios-dgm", 138},
	    {"netbios-ssn", 139}, {"imap", 143},   {"imap3", 220},    {"snmp", 161},       {"snmp-trap", 162},
	    {"bgp", 179},         {"irc", 194},    {"ldap", 389},     {"https", 443},      {"submission", 587},
	    {"isakmp", 500},      {"syslog", 514}, {"rip", 520},      {"route", 520},      {"ldaps", 636},
	    {"imaps", 993},       {"pop3s", 995},  {"openvpn", 1194}, {"l2tp", 1701},      {"vxlan", 4789},
	    {"sip", 5060},
	};
	return names;
}

const Names& protocols()
{
	static const Names names = {
	    {"icmp", 1},  {"igmp", 2},  {"ipip", 4},   {"tcp", 6},    {"udp", 17},
	    {"gre", 47},  {"esp", 50},  {"ah", 51},    {"icmp6", 58}, {"icmpv6", 58},
	    {"ospf", 89}, {"pim", 103}, {"vrrp", 112}, {"sctp", 132}, {"udplite", 136},
	};
	return names;
}

const Names& icmp_types()
{
	static const Names names = {
	    {"echo-reply", 0},
	    {"unreachable", 3},
	    {"sourcequench", 4},
	    {"redirect", 5},
	    {"echo", 8},
	    {"routeradvert", 9},
	    {"routersolicit", 10},
	    {"timeexceeded", 11},
	    {"parameterproblem", 12},
	    {"timestamp", 13},
	    {"timestamp-reply", 14},
	    {"inforeq", 15},
	    {"inforeq-reply", 16},
	    {"maskreq", 17},
	    {"maskreq-reply", 18},
	};
	return names;
}

const Names& icmp6_types()
{
	static const Names names = {
	    {"unreachable", 1},      {"packet-too-big", 2}, {"timeexceeded", 3},
	    {"parameterproblem", 4}, {"echo", 128},         {"echo-reply", 129},
	    {"routersolicit", 133},  {"routeradvert", 134}, {"neighborsolicit", 135},
	    {"neighboradvert", 136}, {"redirect", 137},
	};
	return names;
}

const Names& tcp_flags()
{
	static const Names names = {{"fin", 0x01}, {"syn", 0x02}, {"rst", 0x04}, {"psh", 0x08},
				    {"ack", 0x10}, {"urg", 0x20}, {"ece", 0x40}, {"cwr", 0x80}};
	return names;
}

const Names& names_of(FilterName kind)
{
	switch (kind) {
	case FilterName::port:
		return ports();
	case FilterName::protocol:
		return protocols();
	case FilterName::icmp_type:
		return icmp_types();
	case FilterName::icmp6_type:
		return icmp6_types();
	case FilterName::tcp_flag:
		break;
	}
	return tcp_flags();
}

} // namespace

std::optional<unsigned> filter_number(FilterName kind, std::string_view name)
{
	const Names& names = names_of(kind);
	const auto found = names.find(name);
	if (found == names.end())
		return {};
	return found->second;
}

std::vector<std::string> filter_names(FilterName kind)
{
	std::vector<std::string> out;
	for (const auto& [name, number] : names_of(kind))
		out.push_back(name);
	return out;
}

} // namespace nfup::intent
