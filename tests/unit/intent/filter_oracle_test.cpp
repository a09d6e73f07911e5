// SPDX-License-Identifier: BSD-2-Clause
// Random rule sets and packets. Each expression is made as text and, beside it,
// as a predicate on the packet that shares no code with the parser and the
// compiler; the compiled tables must agree with the predicates, rule by rule.
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "filter_packet.h"

namespace nfup::intent::test {
namespace {

using Predicate = std::function<bool(const Packet&)>;

struct Sample {
	std::string text;
	Predicate holds;
};

class Generator {
public:
	explicit Generator(unsigned seed) : random_(seed) {}
	Sample expression(int depth);
	Packet packet();
	unsigned below(unsigned n) { return std::uniform_int_distribution<unsigned>(0, n - 1)(random_); }

private:
	template <class T> const T& one_of(const std::vector<T>& values)
	{
		return values[below(static_cast<unsigned>(values.size()))];
	}
	Sample primitive();
	Sample host();
	Sample net();
	Sample port();
	Sample range();
	Sample proto();
	Sample number();
	Sample transport();
	// `src and dst`, … and how it joins what holds for the source and the destination
	std::pair<std::string, std::function<bool(bool, bool)>> direction();
	std::pair<std::string, std::function<bool(unsigned, unsigned)>> relation(bool only_equal = false);

	std::mt19937 random_;
	const std::vector<std::string> hosts_{"10.0.0.1", "10.0.0.2",    "10.0.1.1",    "192.168.7.9",
					      "0.0.0.0",  "2001:db8::1", "2001:db8::2", "2001:db8:1::1"};
	const std::vector<unsigned> ports_{0, 1, 22, 53, 80, 81, 443, 1023, 1024, 1500, 8080, 65535};
};

std::pair<std::string, std::function<bool(bool, bool)>> Generator::direction()
{
	switch (below(5)) {
	case 0:
		return {"src ", [](bool s, bool) {
				return s;
			}};
	case 1:
		return {"dst ", [](bool, bool d) {
				return d;
			}};
	case 2:
		return {"src and dst ", [](bool s, bool d) {
				return s && d;
			}};
	case 3:
		return {"src or dst ", [](bool s, bool d) {
				return s || d;
			}};
	default:
		return {"", [](bool s, bool d) {
				return s || d;
			}};
	}
}

std::pair<std::string, std::function<bool(unsigned, unsigned)>> Generator::relation(bool only_equal)
{
	switch (below(only_equal ? 3 : 8)) {
	case 0:
		return {"== ", std::equal_to<>()};
	case 1:
		return {"!= ", std::not_equal_to<>()};
	case 3:
		return {"< ", std::less<>()};
	case 4:
		return {"> ", std::greater<>()};
	case 5:
		return {"<= ", std::less_equal<>()};
	case 6:
		return {">= ", std::greater_equal<>()};
	default:
		return {"", std::equal_to<>()};
	}
}

bool is_four(const std::string& text)
{
	return text.find(':') == std::string::npos;
}

Sample Generator::host()
{
	const auto [where, join] = direction();
	const auto [op, compare] = relation(true);
	const std::string text = one_of(hosts_);
	const Number value = address(text);
	const int family = is_four(text) ? 4 : 6;
	return {where + (below(2) ? "host " : "ip host ") + op + text, [=](const Packet& p) {
			const auto same = [&](Number a) {
				return compare(p.family == family && a == value, 1u);
			};
			return join(same(p.src), same(p.dst));
		}};
}

Sample Generator::net()
{
	const auto [where, join] = direction();
	const std::string text = one_of(hosts_);
	const int bits = is_four(text) ? 32 : 128, family = is_four(text) ? 4 : 6;
	const int length = static_cast<int>(below(4) ? below(static_cast<unsigned>(bits) / 4 + 1) * 4
						     : below(static_cast<unsigned>(bits) + 1));
	const Number value = address(text);
	const bool negated = below(5) == 0;
	const unsigned shift = static_cast<unsigned>(bits - length);
	return {where + "net " + (negated ? "!= " : "") + text + "/" + std::to_string(length), [=](const Packet& p) {
			const auto in = [&](Number a) {
				const bool inside = p.family == family && (shift > 127 || (a ^ value) >> shift == 0);
				return inside != negated;
			};
			return join(in(p.src), in(p.dst));
		}};
}

Sample Generator::port()
{
	const auto [where, join] = direction();
	const auto [op, compare] = relation();
	const std::vector<std::string> protos{"", "tcp ", "udp "};
	const std::string proto = one_of(protos);
	const unsigned value = one_of(ports_), mask = below(6) ? 0xffffu : below(65536);
	const std::string masked = mask == 0xffff ? "" : "& " + std::to_string(mask) + " ";
	return {where + proto + "port " + masked + op + std::to_string(value), [=](const Packet& p) {
			if (p.later || (p.proto != 6 && p.proto != 17) || (proto == "tcp " && p.proto != 6) ||
			    (proto == "udp " && p.proto != 17))
				return false;
			return join(compare(p.sport & mask, value), compare(p.dport & mask, value));
		}};
}

Sample Generator::range()
{
	const auto [where, join] = direction();
	unsigned low = one_of(ports_), high = one_of(ports_);
	if (low > high)
		std::swap(low, high);
	const bool negated = below(4) == 0;
	return {where + "port " + (negated ? "!= " : "") + std::to_string(low) + "-" + std::to_string(high),
		[=](const Packet& p) {
			if (p.later || (p.proto != 6 && p.proto != 17))
				return false;
			const auto in = [&](unsigned port) {
				return (port >= low && port <= high) != negated;
			};
			return join(in(p.sport), in(p.dport));
		}};
}

Sample Generator::proto()
{
	const std::vector<std::pair<std::string, unsigned>> names{
	    {"tcp", 6}, {"udp", 17}, {"icmp", 1}, {"icmp6", 58}, {"gre", 47}};
	if (below(2)) {
		const auto [name, value] = one_of(names);
		return {name, [value = value](const Packet& p) {
				return p.proto == value;
			}};
	}
	const auto [op, compare] = relation();
	const auto [name, value] = one_of(names);
	return {"ip proto " + op + (below(2) ? name : std::to_string(value)),
		[compare = compare, value = value](const Packet& p) {
			return compare(p.proto, value);
		}};
}

Sample Generator::number()
{
	const auto [op, compare] = relation();
	const unsigned value = below(16) * 4, mask = below(4) ? 255u : below(64);
	const std::string rest = (mask == 255 ? "" : "& " + std::to_string(mask) + " ") + op + std::to_string(value);
	switch (below(6)) {
	case 0:
		return {"ip ttl " + rest, [=](const Packet& p) {
				return compare(p.ttl & mask, value);
			}};
	case 1:
		return {"ip tos " + rest, [=](const Packet& p) {
				return compare(p.tos & mask, value);
			}};
	case 2:
		return {"ip dscp " + (mask > 63 ? op + std::to_string(value) : rest), [=](const Packet& p) {
				return compare((p.tos >> 2) & mask, value);
			}};
	case 3:
		return {"ip id " + rest, [=](const Packet& p) {
				return p.family == 4 && compare(p.id & (mask == 255 ? 0xffff : mask), value);
			}};
	case 4:
		return {"ip len " + op + std::to_string(value), [=](const Packet& p) {
				return compare(p.length, value);
			}};
	default:
		return {"ip hl " + op + std::to_string(value / 4), [=](const Packet& p) {
				return p.family == 4 && compare(p.header_length, value / 4);
			}};
	}
}

Sample Generator::transport()
{
	const auto [op, compare] = relation();
	const unsigned value = below(8);
	switch (below(8)) {
	case 0:
		return {"ip frag", [](const Packet& p) {
				return p.fragment;
			}};
	case 1:
		return {"unfrag", [](const Packet& p) {
				return !p.fragment;
			}};
	case 2:
		return {"icmp type " + op + std::to_string(value), [=](const Packet& p) {
				return p.proto == 1 && !p.later && compare(p.icmp_type, value);
			}};
	case 3:
		return {"icmp6 code " + op + std::to_string(value), [=](const Packet& p) {
				return p.proto == 58 && !p.later && compare(p.icmp_code, value);
			}};
	case 4:
		return {"tcp win " + op + std::to_string(value), [=](const Packet& p) {
				return p.proto == 6 && !p.later && compare(p.window, value);
			}};
	case 5:
		return {"ip vers 4", [](const Packet& p) {
				return p.family == 4;
			}};
	case 6:
		return {"ip ect", [](const Packet& p) {
				return (p.tos & 3) != 0;
			}};
	default: {
		const std::vector<std::pair<std::string, unsigned>> names{
		    {"syn", 2}, {"ack", 16}, {"fin", 1}, {"rst", 4}};
		const auto [name, bit] = one_of(names);
		return {"tcp opt " + name, [bit = bit](const Packet& p) {
				return p.proto == 6 && !p.later && (p.tcp_flags & bit);
			}};
	}
	}
}

Sample Generator::primitive()
{
	switch (below(15)) {
	case 0:
	case 1:
		return host();
	case 2:
	case 3:
	case 4:
		return net();
	case 5:
	case 6:
	case 7:
		return port();
	case 8:
		return range();
	case 9:
	case 10:
		return proto();
	case 11:
		return number();
	case 12:
	case 13:
		return transport();
	default:
		return below(2) ? Sample{"true",
					 [](const Packet&) {
						 return true;
					 }}
				: Sample{"false", [](const Packet&) {
						 return false;
					 }};
	}
}

Sample Generator::expression(int depth)
{
	if (depth == 0)
		return primitive();
	const Sample a = expression(static_cast<int>(below(static_cast<unsigned>(depth)))),
		     b = expression(static_cast<int>(below(static_cast<unsigned>(depth))));
	const std::vector<std::string> ands{" and ", " && ", " "}, ors{" or ", " || "};
	switch (below(9)) {
	case 0:
	case 1:
	case 2:
		return {"(" + a.text + ")" + one_of(ands) + "(" + b.text + ")", [=](const Packet& p) {
				return a.holds(p) && b.holds(p);
			}};
	case 3:
	case 4:
		return {"(" + a.text + ")" + one_of(ors) + "(" + b.text + ")", [=](const Packet& p) {
				return a.holds(p) || b.holds(p);
			}};
	case 5:
		return {(below(2) ? "not (" : "! (") + a.text + ")", [=](const Packet& p) {
				return !a.holds(p);
			}};
	case 6: {
		const Sample c = primitive();
		return {"(" + c.text + ") ? (" + a.text + ") : (" + b.text + ")", [=](const Packet& p) {
				return c.holds(p) ? a.holds(p) : b.holds(p);
			}};
	}
	case 7: { // without parentheses: `and` binds tighter
		const Sample x = primitive(), y = primitive(), z = primitive();
		return {x.text + " or not " + y.text + " and " + z.text, [=](const Packet& p) {
				return x.holds(p) || (!y.holds(p) && z.holds(p));
			}};
	}
	default:
		return primitive();
	}
}

Packet Generator::packet()
{
	Packet p;
	p.family = below(3) ? 4 : 6;
	const auto any_address = [&] {
		const std::string& text = hosts_[p.family == 4 ? below(5) : 5 + below(3)];
		Number out = address(text);
		if (below(4) == 0)
			out ^= Number{1} << below(p.family == 4 ? 32 : 128);
		return out;
	};
	p.src = any_address();
	p.dst = any_address();
	const std::vector<unsigned> protos{6, 6, 6, 17, 17, 1, 58, 47};
	p.proto = one_of(protos);
	p.sport = below(4) ? one_of(ports_) : below(65536);
	p.dport = below(4) ? one_of(ports_) : below(65536);
	p.fragment = below(5) == 0;
	p.later = p.fragment && below(2);
	p.icmp_type = below(10);
	p.icmp_code = below(10);
	p.tcp_flags = below(64);
	p.window = below(10);
	p.ttl = below(70);
	p.tos = below(256);
	p.header_length = 5 + below(11);
	p.id = below(80);
	p.length = below(80);
	return p;
}

constexpr int rule_sets = 500;
constexpr int packets_each = 60;

TEST(FilterOracle, TablesAgreeWithPredicates)
{
	int cases = 0, refused = 0;
	for (unsigned seed = 0; seed < rule_sets; ++seed) {
		Generator g(seed);
		std::vector<std::string> texts;
		std::vector<Predicate> predicates;
		std::vector<unsigned> actions;
		for (unsigned n = 1 + g.below(7); n > 0; --n) {
			const Sample sample = g.expression(static_cast<int>(g.below(4)));
			const unsigned action = g.below(3) ? g.below(3) : unsigned{FILTER_DENY};
			texts.push_back((action == FILTER_DENY ? "deny" : std::to_string(action)) + " " + sample.text);
			predicates.push_back(sample.holds);
			actions.push_back(action);
		}
		const auto rules = read_rules(FilterForm::filter, texts);
		ASSERT_TRUE(rules) << rules.error().message;
		const auto tables = compile_rules(*rules);
		if (!tables) { // `not host X and not host Y …` may be too much
			++refused;
			continue;
		}
		for (int i = 0; i < packets_each; ++i, ++cases) {
			const Packet packet = g.packet();
			unsigned expected = FILTER_NO_MATCH;
			for (std::size_t r = 0; r < predicates.size() && expected == FILTER_NO_MATCH; ++r)
				if (predicates[r](packet))
					expected = actions[r];
			std::string all;
			for (const std::string& text : texts)
				all += "\n  " + text;
			ASSERT_EQ(search(*tables, key_of(packet)), expected)
			    << "seed " << seed << ", packet " << i << all;
		}
	}
	EXPECT_GE(cases, 20000);
	EXPECT_LE(refused, rule_sets / 10);
	RecordProperty("cases", cases);
	RecordProperty("refused", refused);
}

} // namespace
} // namespace nfup::intent::test
