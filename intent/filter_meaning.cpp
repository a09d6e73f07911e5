// SPDX-License-Identifier: BSD-2-Clause
#include "filter_meaning.h"

#include <utility>

#include "bpf/lib/filter.h"
#include "numbers.h"
#include "suggest.h"

namespace nfup::intent {

namespace {

using Meaning = std::expected<FilterExpr, FilterError>;

std::unexpected<FilterError> wrong(std::size_t at, std::string message, std::string hint = {})
{
	return std::unexpected(FilterError{at, std::move(message), std::move(hint)});
}

FilterExpr trait(unsigned bits)
{
	return test_of(FilterField::traits, Relation::equal, bits, bits);
}

FilterExpr compare(FilterField field, const std::string& relation, Number mask, Number value)
{
	if (relation == "!=")
		return not_of(test_of(field, Relation::equal, mask, value));
	if (relation == "<")
		return test_of(field, Relation::less, mask, value);
	if (relation == ">=")
		return not_of(test_of(field, Relation::less, mask, value));
	if (relation == ">")
		return test_of(field, Relation::greater, mask, value);
	if (relation == "<=")
		return not_of(test_of(field, Relation::greater, mask, value));
	return test_of(field, Relation::equal, mask, value);
}

// `of` for the source, the destination, either (also unsaid) or both.
template <class F> FilterExpr for_direction(Direction direction, F of)
{
	if (direction == Direction::src)
		return of(true);
	if (direction == Direction::dst)
		return of(false);
	return direction == Direction::both ? all_of({of(true), of(false)}) : any_of({of(true), of(false)});
}

Number number_of(const Ip6& address)
{
	Number out = 0;
	for (const std::uint8_t byte : address)
		out = out << 8 | byte;
	return out;
}

Number prefix_mask(int length)
{
	return length == 0 ? 0 : ~Number{0} << (128 - length);
}

FilterExpr protocol_is(const std::string& relation, Number mask, Number value)
{
	const bool exact = mask == 0xff && (relation.empty() || relation == "==" || relation == "!=");
	const unsigned bit = value == 6    ? FILTER_TCP
			     : value == 17 ? FILTER_UDP
			     : value == 1  ? FILTER_ICMP
			     : value == 58 ? FILTER_ICMP6
					   : 0;
	if (!exact || !bit)
		return compare(FilterField::protocol, relation, mask, value);
	return relation == "!=" ? not_of(trait(bit)) : trait(bit);
}

// The protocol that was named in front of something else: `tcp host 10.0.0.1`.
FilterExpr named_protocol(int proto)
{
	if (proto == tcp_or_udp)
		return any_of({trait(FILTER_TCP), trait(FILTER_UDP)});
	return protocol_is("", 0xff, static_cast<Number>(proto));
}

class Reader {
public:
	explicit Reader(const Primitive& primitive) : p_(primitive), type_(primitive.what.type) {}
	Meaning run();

private:
	Meaning address();
	Meaning port();
	Meaning protocol();
	Meaning flags();
	Meaning version();
	Meaning field(FilterField field, unsigned guard, int proto, bool optional = false);
	Meaning plain_trait(FilterExpr expr);
	std::expected<Number, FilterError> number(const Operand& operand, Number most) const;
	std::string label() const { return std::string("`") + name_of(type_) + "`"; }
	std::unexpected<FilterError> needs_value(std::string example) const
	{
		return wrong(p_.at, label() + " needs a value", "as in `" + std::move(example) + "`");
	}
	bool has_proto() const { return p_.what.proto >= 0; }
	FilterExpr of_protocol(FilterExpr expr) const
	{
		return has_proto() ? all_of({named_protocol(p_.what.proto), std::move(expr)}) : expr;
	}

	const Primitive& p_;
	FilterType type_;
};

std::expected<Number, FilterError> Reader::number(const Operand& operand, Number most) const
{
	const auto value = value_of(type_, p_.what.proto, operand.text);
	if (!value) {
		const auto names = names_for(type_, p_.what.proto);
		return wrong(operand.at, "`" + operand.text + "` is no value of " + label(),
			     names ? did_you_mean(operand.text, filter_names(*names)) : "");
	}
	if (*value > most)
		return wrong(operand.at, operand.text + " is too large for " + label(),
			     "the largest is " + std::to_string(static_cast<unsigned>(most)));
	return *value;
}

Meaning Reader::address()
{
	if (!p_.value)
		return needs_value(type_ == FilterType::net ? "src net 10.0.0.0/8" : "dst host 10.0.0.1");
	if (!p_.relation.empty() && p_.relation != "==" && p_.relation != "!=")
		return wrong(p_.at, "addresses have no order: `" + p_.relation + "`", "use `==` or `!=`");
	std::string text = p_.value->text;
	if (p_.netmask)
		text += "/" + p_.netmask->text;
	const auto prefix = read_prefix(text);
	const bool whole = text.find('/') == std::string::npos;
	if (!prefix)
		return wrong(p_.value->at, "`" + text + "` is no " + (type_ == FilterType::net ? "network" : "address"),
			     type_ == FilterType::net ? "as in 10.0.0.0/8 or 2001:db8::/32"
						      : "as in 10.0.0.1 or 2001:db8::1");
	if (type_ == FilterType::net && whole)
		return wrong(p_.value->at, "`net " + text + "` has no prefix length",
			     "`net " + text + "/24`, or `host " + text + "`");
	if (type_ == FilterType::host && !whole)
		return wrong(p_.value->at, "`" + text + "` is a network, not a host", "say `net " + text + "`");
	Number mask = prefix_mask(prefix->length);
	if (p_.mask) {
		const auto given = read_prefix(p_.mask->text);
		if (!given || given->ip4 != prefix->ip4)
			return wrong(p_.mask->at, "`" + p_.mask->text + "` is no mask for " + text,
				     "as in & 255.255.0.255");
		mask &= number_of(given->address) | (prefix->ip4 ? prefix_mask(96) : 0);
	}
	const Number value = number_of(prefix->address);
	if (p_.mask && (value & ~mask))
		return wrong(p_.value->at, text + " has bits outside its mask", "this never holds");
	// The family says which packets have such an address at all.
	const FilterExpr family =
	    test_of(FilterField::traits, Relation::equal, FILTER_IP6, prefix->ip4 ? 0 : FILTER_IP6);
	FilterExpr out = for_direction(p_.what.direction, [&](bool source) {
		FilterExpr same = all_of({family, test_of(source ? FilterField::source : FilterField::destination,
							  Relation::equal, mask, value & mask)});
		return p_.relation == "!=" ? not_of(std::move(same)) : same;
	});
	return of_protocol(std::move(out));
}

Meaning Reader::port()
{
	const int proto = p_.what.proto;
	if (has_proto() && proto != 6 && proto != 17 && proto != tcp_or_udp)
		return wrong(p_.at, "only tcp and udp have ports here");
	if (!p_.value && !p_.mask)
		return needs_value("dst port 80");
	Number mask = 0xffff;
	std::string relation = p_.relation;
	if (p_.mask) {
		const auto given = number(*p_.mask, 0xffff);
		if (!given)
			return std::unexpected(given.error());
		mask = *given;
		if (!p_.value)
			relation = "!=";
	}
	const auto range =
	    p_.value && !value_of(FilterType::port, -1, p_.value->text) ? port_range(p_.value->text) : std::nullopt;
	Number value = 0;
	if (range) {
		if (range->first > range->second || range->second > 0xffff)
			return wrong(p_.value->at, "`" + p_.value->text + "` is no range of ports",
				     "as in 1000-2000, up to 65535");
		if (p_.mask || (!relation.empty() && relation != "==" && relation != "!="))
			return wrong(p_.value->at, "a range stands by itself",
				     "as in `port 1000-2000` or `port != 1000-2000`");
	} else if (p_.value) {
		const auto given = number(*p_.value, 0xffff);
		if (!given)
			return std::unexpected(given.error());
		value = *given;
	}
	FilterExpr ports = for_direction(p_.what.direction, [&](bool source) {
		const FilterField field = source ? FilterField::source_port : FilterField::destination_port;
		if (!range)
			return compare(field, relation, mask, value);
		FilterExpr inside = range_of(field, range->first, range->second);
		return relation == "!=" ? not_of(std::move(inside)) : inside;
	});
	const unsigned guard = FILTER_PORTS | (proto == 6 ? FILTER_TCP : proto == 17 ? FILTER_UDP : 0);
	return all_of({trait(guard), std::move(ports)});
}

Meaning Reader::protocol()
{
	if (!p_.value && has_proto())
		return named_protocol(p_.what.proto);
	if (!p_.value && !p_.mask)
		return needs_value("ip proto tcp");
	if (p_.value && p_.value->text == "tcpudp" && !p_.mask && p_.relation != "<" && p_.relation != ">")
		return p_.relation == "!=" ? not_of(named_protocol(tcp_or_udp)) : named_protocol(tcp_or_udp);
	Number mask = 0xff, value = 0;
	if (p_.mask) {
		const auto given = number(*p_.mask, 0xff);
		if (!given)
			return std::unexpected(given.error());
		mask = *given;
	}
	if (p_.value) {
		const auto given = number(*p_.value, 0xff);
		if (!given)
			return std::unexpected(given.error());
		value = *given;
	}
	return protocol_is(p_.value ? p_.relation : "!=", mask, value);
}

Meaning Reader::flags()
{
	if (has_proto() && p_.what.proto != 6)
		return wrong(p_.at, "`opt` is for tcp");
	if (!p_.value)
		return needs_value("tcp opt syn");
	if (p_.mask || !p_.relation.empty())
		return wrong(p_.at, "`tcp opt` takes neither masks nor relations", "`not tcp opt syn` is its opposite");
	const auto value = number(*p_.value, 0xff);
	if (!value)
		return std::unexpected(value.error());
	return all_of(
	    {trait(FILTER_TCP | FILTER_TRANSPORT), test_of(FilterField::tcp_flags, Relation::equal, *value, *value)});
}

Meaning Reader::version()
{
	if (!p_.value || p_.mask)
		return needs_value("ip vers 4");
	const auto value = number(*p_.value, 15);
	if (!value)
		return std::unexpected(value.error());
	const std::string& r = p_.relation;
	std::vector<FilterExpr> out;
	for (const Number vers : {4, 6}) {
		const bool holds = r == "<"    ? vers < *value
				   : r == ">"  ? vers > *value
				   : r == "<=" ? vers <= *value
				   : r == ">=" ? vers >= *value
				   : r == "!=" ? vers != *value
					       : vers == *value;
		if (holds)
			out.push_back(
			    test_of(FilterField::traits, Relation::equal, FILTER_IP6, vers == 6 ? FILTER_IP6 : 0));
	}
	return any_of(std::move(out));
}

// A number in a header field. `guard`: what a packet must be to have the field.
Meaning Reader::field(FilterField field, unsigned guard, int proto, bool optional)
{
	if (guard && has_proto() && p_.what.proto != proto)
		return wrong(p_.at, label() + " is no field of that protocol");
	if (!p_.value && !p_.mask && !optional)
		return needs_value(std::string(name_of(type_)) + " 5");
	const Number most = full_mask(field);
	Number mask = most, value = 0;
	std::string relation = p_.relation;
	if (p_.mask) {
		const auto given = number(*p_.mask, most);
		if (!given)
			return std::unexpected(given.error());
		mask = *given;
	}
	if (p_.value) {
		const auto given = number(*p_.value, most);
		if (!given)
			return std::unexpected(given.error());
		value = *given;
	} else if (type_ == FilterType::ce) {
		value = 3;
	} else {
		relation = "!=";
	}
	FilterExpr out = compare(field, relation, mask, value);
	return guard ? all_of({trait(guard), std::move(out)}) : of_protocol(std::move(out));
}

Meaning Reader::plain_trait(FilterExpr expr)
{
	if (p_.value || p_.mask)
		return wrong(p_.at, label() + " takes no value");
	return of_protocol(std::move(expr));
}

Meaning Reader::run()
{
	const bool directed = type_ == FilterType::host || type_ == FilterType::net || type_ == FilterType::port;
	if (p_.what.direction != Direction::none && !directed)
		return wrong(p_.at,
			     type_ == FilterType::none ? "a protocol has no direction" : label() + " has no direction",
			     "`src` and `dst` go with host, net and port");
	switch (type_) {
	case FilterType::host:
	case FilterType::net:
		return address();
	case FilterType::port:
		return port();
	case FilterType::none:
	case FilterType::proto:
		return protocol();
	case FilterType::opt:
		return flags();
	case FilterType::vers:
		return version();
	case FilterType::frag:
		return plain_trait(trait(FILTER_FRAGMENT));
	case FilterType::unfrag:
		return plain_trait(not_of(trait(FILTER_FRAGMENT)));
	case FilterType::hl:
	case FilterType::id: {
		Meaning out = field(type_ == FilterType::hl ? FilterField::header_length : FilterField::id, 0, -1);
		if (!out)
			return out;
		return all_of({test_of(FilterField::traits, Relation::equal, FILTER_IP6, 0), *std::move(out)});
	}
	case FilterType::tos:
		return field(FilterField::tos, 0, -1);
	case FilterType::dscp:
		return field(FilterField::dscp, 0, -1);
	case FilterType::ect:
	case FilterType::ce:
		return field(FilterField::ecn, 0, -1, true);
	case FilterType::ttl:
		return field(FilterField::ttl, 0, -1);
	case FilterType::len:
		return field(FilterField::length, 0, -1);
	case FilterType::win:
		return field(FilterField::window, FILTER_TCP | FILTER_TRANSPORT, 6);
	case FilterType::type:
	case FilterType::code: {
		const bool six = p_.what.proto == 58;
		return field(type_ == FilterType::type ? FilterField::icmp_type : FilterField::icmp_code,
			     (six ? FILTER_ICMP6 : FILTER_ICMP) | FILTER_TRANSPORT, six ? 58 : 1);
	}
	}
	return wrong(p_.at, "not understood");
}

} // namespace

Meaning meaning_of(const Primitive& primitive)
{
	return Reader(primitive).run();
}

} // namespace nfup::intent
