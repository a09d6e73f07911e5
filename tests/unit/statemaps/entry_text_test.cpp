// SPDX-License-Identifier: BSD-2-Clause
#include "statemaps/entry_text.h"

#include <cstring>
#include <gtest/gtest.h>

#include "entry_types.h"

namespace nfup::statemaps {
namespace {

const Layout& layout()
{
	static const Layout made = EntryTypes().layout();
	return made;
}

const Moment now{1000'000'000'000, 5000};

struct Parts {
	std::uint8_t key[EntryTypes::key_size]{}, value[EntryTypes::value_size]{};

	std::uint8_t* of(const EntryField& field) { return field.in_key ? key : value; }
	// What is wrong, or the text of what was written.
	std::string put(const char* name, const char* text)
	{
		const EntryField& field = **find_field(layout(), name);
		const auto parsed = parse_into(field, text, of(field), now);
		return parsed ? to_text(field, of(field), now) : "error: " + parsed.error();
	}
};

TEST(EntryText, what_is_written_is_shown_again)
{
	struct {
		const char *name, *text, *shown;
	} cases[] = {
	    {"saddr", "10.0.0.1", "10.0.0.1"},
	    {"saddr", "fd00::1", "fd00::1"},
	    {"saddr", "::ffff:10.0.0.1", "10.0.0.1"},
	    {"gate", "192.0.2.1", "192.0.2.1"},
	    {"dport", "443", "443"},
	    {"dport", "0x1bb", "443"},
	    {"proto", "TCP", "tcp"},
	    {"proto", "icmpv6", "icmp6"},
	    {"proto", "99", "99"},
	    {"seen", "now", "0s"},
	    {"seen", "never", "never"},
	    {"seen", "12.5s", "12.5s"},
	    {"seen", "2h4m", "2h4m"},
	    {"seen", "90", "1m30s"},
	    {"seen", "-5s", "-5s"},
	    {"checked", "12j", "12j"},
	    {"checked", "now", "0j"},
	    {"state", "TCP_ESTABLISHED", "TCP_ESTABLISHED"},
	    {"state", "established", "TCP_ESTABLISHED"},
	    {"state", "7", "7"},
	    {"a.mac", "02:00:00:00:00:0a", "02:00:00:00:00:0a"},
	    {"drift", "-3", "-3"},
	    {"blob", "00ff10Ab", "00ff10ab"},
	    {"name", "eth0", "eth0"},
	    {"low", "15", "15"},
	    {"high", "4095", "4095"},
	    {"counts[1]", "65535", "65535"},
	};
	for (const auto& c : cases)
		EXPECT_EQ(Parts().put(c.name, c.text), c.shown) << c.name << "=" << c.text;
}

TEST(EntryText, what_a_field_cannot_have_is_refused)
{
	struct {
		const char *name, *text, *why;
	} cases[] = {
	    {"saddr", "10.0.0", "no IP address"},    {"gate", "fd00::1", "no IPv4 address"},
	    {"dport", "65536", "fit into 16 bits"},  {"dport", "-1", "fit into 16 bits"},
	    {"dport", "https", "no number"},         {"proto", "tpc", "no protocol"},
	    {"seen", "yesterday", "no age"},         {"checked", "-1j", "ticks"},
	    {"state", "SENT", "end of several"},     {"state", "CLOSED", "none of TCP_SYN_SENT, TCP_ESTABLISHED"},
	    {"a.mac", "02:00", "Ethernet"},          {"drift", "2147483648", "fit into 32 bits"},
	    {"blob", "00ff10", "8 digits"},          {"blob", "00ff10zz", "8 digits"},
	    {"name", "a-long-name", "than 8 bytes"}, {"low", "16", "fit into 4 bits"},
	};
	for (const auto& c : cases) {
		const std::string said = Parts().put(c.name, c.text);
		EXPECT_TRUE(said.starts_with("error: ") && said.find(c.why) != std::string::npos)
		    << c.name << "=" << c.text << ": " << said;
	}
}

TEST(EntryText, a_field_leaves_its_neighbours_alone)
{
	Parts parts;
	memset(parts.value, 0xff, sizeof parts.value);
	EXPECT_EQ(parts.put("low", "5"), "5");
	EXPECT_EQ(parts.put("high", "0"), "0");
	EXPECT_EQ(to_text(**find_field(layout(), "low"), parts.value, now), "5");
	EXPECT_EQ(to_text(**find_field(layout(), "counts[0]"), parts.value, now), "65535");
	EXPECT_EQ(to_text(**find_field(layout(), "name"), parts.value, now), "0xffffffffffffffff");
}

TEST(EntryText, network_order_is_on_the_wire_only)
{
	Parts parts;
	parts.put("dport", "443");
	EXPECT_EQ(parts.key[16], 1);
	EXPECT_EQ(parts.key[17], 0xbb);
	parts.put("saddr", "10.0.0.1");
	EXPECT_EQ(parts.key[10], 0xff);
	EXPECT_EQ(parts.key[12], 10);
}

TEST(EntryText, json_has_numbers_as_numbers)
{
	Parts parts;
	parts.put("dport", "443");
	parts.put("seen", "1.5s");
	EXPECT_EQ(to_value(**find_field(layout(), "dport"), parts.key, now), 443);
	EXPECT_EQ(to_value(**find_field(layout(), "seen"), parts.value, now), 1.5);
	parts.put("seen", "never");
	EXPECT_TRUE(to_value(**find_field(layout(), "seen"), parts.value, now).is_null());
	parts.put("drift", "-3");
	EXPECT_EQ(to_value(**find_field(layout(), "drift"), parts.value, now), -3);
}

} // namespace
} // namespace nfup::statemaps
