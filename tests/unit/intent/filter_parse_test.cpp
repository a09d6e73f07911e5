// SPDX-License-Identifier: BSD-2-Clause
// The filter language, construct by construct: what matches, what does not, and
// what is said of expressions that are wrong.
#include <gtest/gtest.h>

#include <cctype>
#include <ostream>

#include "filter_packet.h"
#include "intent/filter_parse.h"

namespace nfup::intent::test {
namespace {

// 10.0.0.1:1000 → 10.0.1.2:80, TCP SYN; tests change what they look at.
Packet tcp()
{
	Packet p;
	p.src = address("10.0.0.1");
	p.dst = address("10.0.1.2");
	p.sport = 1000;
	p.dport = 80;
	p.tcp_flags = 2;
	p.window = 4096;
	p.tos = 0xb8; // DSCP 46
	p.id = 7;
	return p;
}

Packet udp()
{
	Packet p = tcp();
	p.proto = 17;
	p.dport = 53;
	return p;
}

Packet icmp(unsigned type)
{
	Packet p = tcp();
	p.proto = 1;
	p.icmp_type = type;
	return p;
}

Packet six()
{
	Packet p = tcp();
	p.family = 6;
	p.src = address("2001:db8::1");
	p.dst = address("2001:db8:1::2");
	return p;
}

Packet icmp6(unsigned type)
{
	Packet p = six();
	p.proto = 58;
	p.icmp_type = type;
	return p;
}

Packet later_fragment(Packet p)
{
	p.fragment = p.later = true;
	return p;
}

struct Case {
	const char* expression;
	Packet packet;
	bool expected;
};

// For names of tests: what CMake and shells have no meaning for.
void print_plainly(const char* text, std::ostream* os)
{
	for (; *text; ++text)
		*os << (std::isalnum(static_cast<unsigned char>(*text)) ? *text : '_');
}

void PrintTo(const Case& c, std::ostream* os)
{
	print_plainly(c.expression, os);
}

class FilterLanguage : public testing::TestWithParam<Case> {};

TEST_P(FilterLanguage, MatchesOrNot)
{
	EXPECT_EQ(matches(GetParam().expression, GetParam().packet), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Constants, FilterLanguage,
			 testing::Values(Case{"true", tcp(), true}, Case{"all", tcp(), true}, Case{"any", six(), true},
					 Case{"-", udp(), true}, Case{"false", tcp(), false},
					 Case{"none", tcp(), false}, Case{"not false", tcp(), true}));

INSTANTIATE_TEST_SUITE_P(
    Addresses, FilterLanguage,
    testing::Values(
	Case{"src host 10.0.0.1", tcp(), true}, Case{"dst host 10.0.0.1", tcp(), false},
	Case{"host 10.0.0.1", tcp(), true}, Case{"host 10.0.1.2", tcp(), true}, Case{"ip host 10.0.9.9", tcp(), false},
	Case{"src or dst host 10.0.1.2", tcp(), true}, Case{"src and dst host 10.0.1.2", tcp(), false},
	Case{"src || dst host 10.0.1.2", tcp(), true}, Case{"dst or src host 10.0.1.2", tcp(), true},
	Case{"src 10.0.0.1", tcp(), true}, Case{"10.0.0.1", tcp(), true}, Case{"dest 10.0.1.2", tcp(), true},
	Case{"src host == 10.0.0.1", tcp(), true}, Case{"src host = 10.0.0.1", tcp(), true},
	Case{"src host != 10.0.0.1", tcp(), false}, Case{"src host != 10.0.0.1", six(), true},
	Case{"host != 10.0.0.1", tcp(), true}, Case{"not host 10.0.0.1", tcp(), false},
	Case{"src host & 255.0.0.255 == 10.0.0.1", tcp(), true}, Case{"src host & 255.0.0.255 10.0.0.2", tcp(), false},
	Case{"src net 10.0.0.0/24", tcp(), true}, Case{"dst net 10.0.0.0/24", tcp(), false},
	Case{"net 10.0.0.0/8", tcp(), true}, Case{"src and dst net 10.0.0.0/8", tcp(), true},
	Case{"10.0.1.0/24", tcp(), true}, Case{"src net 10/8", tcp(), true}, Case{"net 10.0.0.77/24", tcp(), true},
	Case{"src net 10.0.0.0 mask 255.255.255.0", tcp(), true},
	Case{"dst net 10.0.0.0 mask 255.255.255.0", tcp(), false}, Case{"src net 10.0.0.0/255.255.255.0", tcp(), true},
	Case{"src net != 10.0.0.0/24", tcp(), false}, Case{"net 0.0.0.0/0", tcp(), true},
	Case{"net 0.0.0.0/0", six(), false}, Case{"net ::/0", six(), true}, Case{"src net 2001:db8::/32", six(), true},
	Case{"src net 2001:db8:1::/48", six(), false}, Case{"dst host 2001:db8:1::2", six(), true},
	Case{"2001:db8::/32", tcp(), false}, Case{"src 10.0.0.9 or 10.0.0.1", tcp(), true},
	Case{"src 10.0.0.9 or 10.0.1.2", tcp(), false}, Case{"src (10.0.0.9 or 10.0.0.1)", tcp(), true},
	Case{"tcp host 10.0.0.1", tcp(), true}, Case{"udp host 10.0.0.1", tcp(), false}));

INSTANTIATE_TEST_SUITE_P(
    Ports, FilterLanguage,
    testing::Values(
	Case{"dst port 80", tcp(), true}, Case{"src port 80", tcp(), false}, Case{"port 80", tcp(), true},
	Case{"port 1000", tcp(), true}, Case{"port www", tcp(), true}, Case{"dst port http", tcp(), true},
	Case{"www", tcp(), true}, Case{"dst www", tcp(), true}, Case{"dns", udp(), true}, Case{"domain", tcp(), false},
	Case{"tcp port 80", tcp(), true}, Case{"udp port 80", tcp(), false}, Case{"dst tcp port 80", tcp(), true},
	Case{"tcp dst port 80", tcp(), true}, Case{"tcp www", tcp(), true}, Case{"tcp 80", tcp(), true},
	Case{"dst 80", tcp(), true}, Case{"tcpudp port 53", udp(), true}, Case{"udp dst port 53", udp(), true},
	Case{"dst port > 79", tcp(), true}, Case{"dst port > 80", tcp(), false}, Case{"dst port >= 80", tcp(), true},
	Case{"dst port < 81", tcp(), true}, Case{"dst port <= 79", tcp(), false}, Case{"dst port != 81", tcp(), true},
	Case{"dst port != 80", tcp(), false}, Case{"dst port != 80", icmp(8), false},
	Case{"not dst port 80", icmp(8), true}, Case{"dst port >= 0", tcp(), true}, Case{"dst port < 0", tcp(), false},
	Case{"dst port <= 65535", tcp(), true}, Case{"dst port > 65535", tcp(), false},
	Case{"dst port 80-90", tcp(), true}, Case{"dst port 81-90", tcp(), false}, Case{"port 1000-2000", tcp(), true},
	Case{"dst port != 81-90", tcp(), true}, Case{"dst port 0-65535", tcp(), true},
	Case{"dst port & 0xf0 == 0x50", tcp(), true}, Case{"dst port & 0xf0 80", tcp(), true},
	Case{"dst port & 1", tcp(), false}, Case{"dst port & 16", tcp(), true},
	Case{"dst port & 0xf0 > 0x50", tcp(), false}, Case{"src port 80 or 1000", tcp(), true},
	Case{"src port 80 or 81", tcp(), false}, Case{"dst port (22 or 80)", tcp(), true},
	Case{"dst tcp port 8000 or 80", tcp(), true}, Case{"dst port 22 or > 79", tcp(), true},
	Case{"src and dst port 80", tcp(), false}, Case{"dst port 80", later_fragment(tcp()), false},
	Case{"dst port != 99", later_fragment(tcp()), false}, Case{"port ftp-data", tcp(), false},
	Case{"dst port 0x50", tcp(), true}));

INSTANTIATE_TEST_SUITE_P(
    Protocols, FilterLanguage,
    testing::Values(Case{"tcp", tcp(), true}, Case{"udp", tcp(), false}, Case{"ip proto tcp", tcp(), true},
		    Case{"ip proto 6", tcp(), true}, Case{"proto udp", udp(), true},
		    Case{"ip proto != tcp", tcp(), false}, Case{"ip proto > 6", udp(), true},
		    Case{"ip proto < 6", icmp(8), true}, Case{"ip proto & 1", udp(), true}, Case{"icmp", icmp(8), true},
		    Case{"icmp6", icmp6(128), true}, Case{"icmp", icmp6(128), false}, Case{"tcpudp", udp(), true},
		    Case{"ip proto tcpudp", icmp(0), false}, Case{"gre", tcp(), false}, Case{"tcp or udp", udp(), true},
		    Case{"tcp udp", udp(), false}, Case{"tcp", later_fragment(tcp()), true},
		    Case{"icmp type 8", icmp(8), true}, Case{"icmp type echo", icmp(8), true},
		    Case{"icmp echo", icmp(8), true}, Case{"icmp type echo-reply", icmp(8), false},
		    Case{"icmp type != 3", icmp(8), true}, Case{"icmp type != 3", tcp(), false},
		    Case{"icmp type < 9", icmp(8), true}, Case{"type echo", icmp(8), true},
		    Case{"icmp type 8", later_fragment(icmp(8)), false}, Case{"icmp type 8 or 3", icmp(3), true},
		    Case{"icmp code 0", icmp(8), true}, Case{"icmp6 type packet-too-big", icmp6(2), true},
		    Case{"icmp6 type neighborsolicit", icmp6(135), true}, Case{"icmp6 type 8", icmp(8), false},
		    Case{"icmp type 8", icmp6(8), false}));

INSTANTIATE_TEST_SUITE_P(
    Fields, FilterLanguage,
    testing::Values(Case{"tcp opt syn", tcp(), true}, Case{"syn", tcp(), true}, Case{"tcp opt ack", tcp(), false},
		    Case{"syn ack", tcp(), false}, Case{"not ack", tcp(), true}, Case{"tcp syn", tcp(), true},
		    Case{"tcp opt 2", tcp(), true}, Case{"syn", udp(), false},
		    Case{"syn", later_fragment(tcp()), false}, Case{"tcp win 4096", tcp(), true},
		    Case{"tcp win > 4096", tcp(), false}, Case{"ip vers 4", tcp(), true},
		    Case{"ip vers 6", six(), true}, Case{"ip vers != 4", tcp(), false},
		    Case{"ip vers >= 4", six(), true}, Case{"ip vers 5", tcp(), false}, Case{"ip", tcp(), true},
		    Case{"ip", six(), false}, Case{"ip6", six(), true}, Case{"ip6 tcp dst port 80", six(), true},
		    Case{"ip hl 5", tcp(), true}, Case{"ip hl > 5", tcp(), false}, Case{"ip id 7", tcp(), true},
		    Case{"ip id != 9", six(), false}, Case{"ip tos 184", tcp(), true}, Case{"ip dscp 46", tcp(), true},
		    Case{"ip dscp & 32", tcp(), true}, Case{"ip dscp != 46", tcp(), false},
		    Case{"ip ect", tcp(), false}, Case{"ip ce", tcp(), false}, Case{"ip ttl 64", tcp(), true},
		    Case{"ip ttl < 64", six(), false}, Case{"ip len 40", tcp(), true}, Case{"ip frag", tcp(), false},
		    Case{"ip frag", later_fragment(udp()), true}, Case{"frag", later_fragment(six()), true},
		    Case{"ip unfrag", tcp(), true}, Case{"unfrag", tcp(), true},
		    Case{"udp frag", later_fragment(udp()), true}, Case{"udp ttl 64", tcp(), false}));

INSTANTIATE_TEST_SUITE_P(
    Connectives, FilterLanguage,
    testing::Values(Case{"tcp and dst port 80 and src net 10.0.0.0/8", tcp(), true},
		    Case{"udp or tcp and dst port 80", tcp(), true}, Case{"(udp or tcp) and dst port 81", tcp(), false},
		    Case{"tcp && !udp || icmp", tcp(), true}, Case{"not not tcp", tcp(), true},
		    Case{"not tcp or tcp", tcp(), true}, Case{"! (tcp || udp)", icmp(0), true},
		    Case{"tcp ? dst port 80 : udp", tcp(), true}, Case{"udp ? true : false", tcp(), false},
		    Case{"udp ? true : tcp ? www : false", tcp(), true}, Case{"(((tcp)))", tcp(), true},
		    Case{"tcp (dst port 80)", tcp(), true}, Case{"10.0.0.0/24 and syn", tcp(), true},
		    Case{"10.0.0.0/24 and fin ack", tcp(), false},
		    Case{"dst net 10.0.1.0/24 && tcp && src port > 999 && syn", tcp(), true},
		    Case{"not src host 10.0.0.1 and not dst host 10.0.1.2", tcp(), false},
		    Case{"not (src port 80-90 or dst port 443)", tcp(), true}));

struct Wrong {
	const char* expression;
	std::size_t at;
	const char* message;
	const char* hint;
};

void PrintTo(const Wrong& w, std::ostream* os)
{
	print_plainly(w.expression, os);
}

class FilterErrors : public testing::TestWithParam<Wrong> {};

TEST_P(FilterErrors, SayWhereAndWhatToDo)
{
	const auto parsed = parse_filter(GetParam().expression);
	ASSERT_FALSE(parsed);
	EXPECT_EQ(parsed.error().message, GetParam().message);
	EXPECT_EQ(parsed.error().hint, GetParam().hint);
	EXPECT_EQ(parsed.error().at, GetParam().at) << GetParam().expression;
}

INSTANTIATE_TEST_SUITE_P(
    Golden, FilterErrors,
    testing::Values(
	Wrong{"", 0, "the expression is empty", "`all` matches every packet"},
	Wrong{"tcp and", 7, "the expression ends too soon", ""},
	Wrong{"tcp and or udp", 8, "`or` is not expected here", ""}, Wrong{"(tcp", 0, "`(` is not closed", ""},
	Wrong{"tcp)", 3, "`)` without `(`", ""},
	Wrong{"dts port 80", 0, "unknown word `dts`", "did you mean dns or dst?"},
	Wrong{"dst prot 80", 4, "unknown word `prot`", "did you mean port or proto?"},
	Wrong{"port 70000", 5, "70000 is too large for `port`", "the largest is 65535"},
	Wrong{"port htp", 5, "`htp` is no value of `port`", "did you mean ftp, http or ntp?"},
	Wrong{"port", 0, "`port` needs a value", "as in `dst port 80`"},
	Wrong{"port >", 6, "a value is missing behind `>`", ""},
	Wrong{"port 20-10", 5, "`20-10` is no range of ports", "as in 1000-2000, up to 65535"},
	Wrong{"port > 10-20", 7, "a range stands by itself", "as in `port 1000-2000` or `port != 1000-2000`"},
	Wrong{"80", 0, "what is the number 80?", "say `port 80` or `ip proto 80`, for instance"},
	Wrong{"src", 0, "`src` needs a host, a net or a port", "as in `src net 10.0.0.0/8` or `dst port 80`"},
	Wrong{"src dst port 80", 4, "`dst` after another direction", "`src or dst` and `src and dst` mean both"},
	Wrong{"src net 10.0.0.0", 8, "`net 10.0.0.0` has no prefix length", "`net 10.0.0.0/24`, or `host 10.0.0.0`"},
	Wrong{"src host 10.0.0.0/8", 9, "`10.0.0.0/8` is a network, not a host", "say `net 10.0.0.0/8`"},
	Wrong{"src host 10.0.0.300", 9, "`10.0.0.300` is no address", "as in 10.0.0.1 or 2001:db8::1"},
	Wrong{"src net 10.0.0.0/33", 8, "`10.0.0.0/33` is no network", "as in 10.0.0.0/8 or 2001:db8::/32"},
	Wrong{"src host > 10.0.0.1", 0, "addresses have no order: `>`", "use `==` or `!=`"},
	Wrong{"tcp opt != syn", 0, "`tcp opt` takes neither masks nor relations", "`not tcp opt syn` is its opposite"},
	Wrong{"icmp port 80", 0, "only tcp and udp have ports here", ""},
	Wrong{"udp win 5", 0, "`win` is no field of that protocol", ""},
	Wrong{"src ttl 5", 0, "`ttl` has no direction", "`src` and `dst` go with host, net and port"},
	Wrong{"ip ttl 256", 7, "256 is too large for `ttl`", "the largest is 255"},
	Wrong{"ip dscp 64", 8, "64 is too large for `dscp`", "the largest is 63"},
	Wrong{"ip[6:2] 0", 2, "bytes by position, as in ip[6:2], are not supported",
	      "a Classifier in front of this node can look at any byte of the frame"},
	Wrong{"tcp ? udp", 9, "`:` is missing", "CONDITION ? THEN : ELSE, with spaces around the colon"},
	Wrong{"tcp ; udp", 4, "`;` has no meaning here", ""}));

TEST(FilterErrors, NestingIsBounded)
{
	for (const char* step : {"(", "not ", "tcp ? "}) {
		std::string text;
		for (int i = 0; i < 100000; ++i)
			text += step;
		EXPECT_FALSE(parse_filter(text + "tcp")) << step;
	}
	std::string alternatives = "tcp";
	for (int i = 0; i < 100000; ++i)
		alternatives += " or tcp";
	EXPECT_TRUE(parse_filter(alternatives));
}

} // namespace
} // namespace nfup::intent::test
