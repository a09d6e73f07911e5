// SPDX-License-Identifier: BSD-2-Clause
// Every argument type, byte for byte.
#include <gtest/gtest.h>

#include "intent/values.h"
#include "test_library.h"

namespace nfup::intent::test {
namespace {

std::string hex(const Bytes& bytes)
{
	std::string out;
	for (const std::uint8_t b : bytes) {
		static const char digits[] = "0123456789abcdef";
		out += digits[b >> 4];
		out += digits[b & 15];
	}
	return out;
}

struct Case {
	const char* type;
	unsigned size;
	const char* text;
	const char* bytes; // or what is wrong with the text
	const char* range = "";
};

void PrintTo(const Case& c, std::ostream* out)
{
	*out << c.type << " " << c.text;
}

class Encode : public testing::TestWithParam<Case> {};

TEST_P(Encode, gives)
{
	const Case& c = GetParam();
	const auto value = encode_value(param("X", c.type, c.size, {}, c.range), c.text);
	EXPECT_EQ(value ? hex(*value) : value.error(), c.bytes);
}

INSTANTIATE_TEST_SUITE_P(
    Values, Encode,
    testing::Values(Case{"size", 4, "14", "0e000000"}, Case{"size", 1, "255", "ff"}, Case{"size", 2, "1k", "0004"},
		    Case{"size", 8, "1.5M", "0000180000000000"}, Case{"size", 4, "0x10", "10000000"},
		    Case{"size", 4, "\"14\"", "0e000000"}, Case{"size", 8, "2G", "0000008000000000"},
		    Case{"size", 1, "256", "`256` does not fit into 8 bits"},
		    Case{"size", 4, "-1", "`-1` does not fit into 32 bits"},
		    Case{"size", 4, "2048", "`2048` is outside 0..2047", "0..2047"},
		    Case{"size", 4, "2047", "ff070000", "0..2047"}, Case{"size", 4, "5", "05000000", "1.."},
		    Case{"size", 4, "0", "`0` is outside 1..", "1.."},
		    Case{"size", 4, "ten", "`ten` is no size; write 1500, 64k or 10M"},
		    Case{"size", 8, "99999999999999999999", "`99999999999999999999` does not fit into 64 bits"},
		    Case{"size", 8, "99999999999999999999999999999999999999999999",
			 "`99999999999999999999999999999999999999999999` is no size; write 1500, 64k or 10M"},
		    Case{"int", 4, "-2", "feffffff"}, Case{"int", 4, "0xffffffff", "ffffffff"},
		    Case{"int", 1, "-128", "80"}, Case{"int", 1, "-129", "`-129` does not fit into 8 bits"},
		    Case{"int", 2, "010", "0800"}, Case{"int", 2, "08", "`08` is no int; write 42 or 0x2a"}));

INSTANTIATE_TEST_SUITE_P(
    Quantities, Encode,
    testing::Values(Case{"fraction", 8, "0.5", "0000008000000000"}, Case{"fraction", 8, "1", "0000000001000000"},
		    Case{"fraction", 8, "25%", "0000004000000000"}, Case{"fraction", 8, "0", "0000000000000000"},
		    Case{"fraction", 8, "1.1", "`1.1` is no fraction; write 0.25 or 25%"},
		    Case{"fraction", 8, "-0.5", "`-0.5` is no fraction; write 0.25 or 25%"},
		    Case{"fraction", 8, "nan", "`nan` is no fraction; write 0.25 or 25%"},
		    Case{"fraction", 8, "%", "`%` is no fraction; write 0.25 or 25%"},
		    Case{"fraction", 4, "0.5", "the class declares a fraction of 4 bytes, not 8"},
		    Case{"duration", 8, "5s", "00f2052a01000000"}, Case{"duration", 8, "5", "00f2052a01000000"},
		    Case{"duration", 8, "100ms", "00e1f50500000000"}, Case{"duration", 8, "1us", "e803000000000000"},
		    Case{"duration", 8, "2h4m", "00a08e42c4060000"}, Case{"duration", 8, "1.5", "002f685900000000"},
		    Case{"duration", 8, "7ns", "0700000000000000"},
		    Case{"duration", 8, "2h4", "`2h4` is no duration; write 5s, 100ms or 2h4m"},
		    Case{"duration", 8, "", "`` is no duration; write 5s, 100ms or 2h4m"},
		    Case{"duration", 8, "2h", "`2h` is outside 1ms..1h", "1ms..1h"},
		    Case{"rate", 8, "1000", "e803000000000000"}, Case{"rate", 8, "10k", "1027000000000000"},
		    Case{"rate", 8, "1.5M", "60e3160000000000"}, Case{"rate", 8, "8kbps", "e803000000000000"},
		    Case{"rate", 8, "1MBps", "40420f0000000000"}, Case{"rate", 8, "10kpps", "1027000000000000"},
		    Case{"rate", 8, "10k/s", "1027000000000000"},
		    Case{"rate", 8, "10x", "`10x` is no rate; write 1000, 10k or 100Mbps"},
		    Case{"bool", 1, "true", "01"}, Case{"bool", 4, "yes", "01000000"}, Case{"bool", 1, "0", "00"},
		    Case{"bool", 1, "no", "00"}, Case{"bool", 1, "on", "`on` is neither true nor false"},
		    Case{"enum", 4, "mark", "01000000", "drop,mark,pass"}, Case{"enum", 1, "drop", "00", "drop, mark"},
		    Case{"enum", 4, "makr", "`makr` is none of drop,mark,pass; did you mean mark?", "drop,mark,pass"},
		    Case{"named", 1, "port", "03", "net=0, port=3"}, Case{"named", 1, "3", "03", "net=0, port=3"},
		    Case{"named", 1, "0x3", "03", "net=0, port=3"},
		    Case{"named", 1, "4", "`4` is none of net=0, port=3", "net=0, port=3"},
		    Case{"named", 1, "prot", "`prot` is none of net=0, port=3; did you mean port?", "net=0, port=3"}));

INSTANTIATE_TEST_SUITE_P(
    Addresses, Encode,
    testing::Values(
	Case{"ip4", 4, "10.0.0.1", "0a000001"}, Case{"ip4", 4, "10.0.0", "`10.0.0` is no IPv4 address"},
	Case{"ip6", 16, "2001:db8::1", "20010db8000000000000000000000001"},
	Case{"addr", 16, "10.0.0.1", "00000000000000000000ffff0a000001"},
	Case{"addr", 16, "::1", "00000000000000000000000000000001"},
	Case{"addr", 16, "host", "`host` is no IP address"},
	Case{"addr", 4, "::1", "the class declares 4 bytes for a addr, which has 16"},
	Case{"prefix4", 8, "10.1.2.3/8", "0a000000ff000000"}, Case{"prefix4", 8, "10/8", "0a000000ff000000"},
	Case{"prefix4", 8, "192.168.1.0/255.255.255.0", "c0a80100ffffff00"},
	Case{"prefix4", 8, "1.2.3.4", "01020304ffffffff"}, Case{"prefix4", 8, "0.0.0.0/0", "0000000000000000"},
	Case{"prefix4", 8, "1.2.3.4/33", "`1.2.3.4/33` is no IPv4 prefix; write 10.0.0.0/8"},
	Case{"prefix4", 8, "1.2.3.4/255.0.255.0", "`1.2.3.4/255.0.255.0` is no IPv4 prefix; write 10.0.0.0/8"},
	Case{"prefix", 20, "10.0.0.0/8", "00000000000000000000ffff0a00000068000000"},
	Case{"prefix", 20, "2001:db8::ff/32", "20010db800000000000000000000000020000000"},
	Case{"port", 2, "80", "0050"}, Case{"port", 2, "65536", "`65536` is no port; ports are 0 to 65535"},
	Case{"port", 2, "80", "`80` is outside 1024..65535", "1024..65535"},
	Case{"portrange", 4, "1024-65535", "0004ffff"}, Case{"portrange", 4, "53", "35003500"},
	Case{"portrange", 4, "9-8", "`9-8` ends before it begins"}, Case{"mac", 6, "02:00:00:00:0a:01", "020000000a01"},
	Case{"mac", 6, "0-a0-c9-9c-fd-9c", "00a0c99cfd9c"},
	Case{"mac", 6, "02:00:00:00:0a", "`02:00:00:00:0a` is no Ethernet address; write 02:00:00:00:00:01"},
	Case{"string", 8, "abc", "6162630000000000"}, Case{"string", 8, "\"a b\"", "6120620000000000"},
	Case{"string", 4, "\"\\<41 42>\"", "41420000"}, Case{"string", 4, "\\<41 42>", "41420000"},
	Case{"string", 4, "abcd", "`abcd` is longer than 3 bytes"},
	Case{"colour", 4, "red", "the class declares the type `colour`, which nfup does not know"}));

} // namespace
} // namespace nfup::intent::test
