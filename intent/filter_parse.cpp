// SPDX-License-Identifier: BSD-2-Clause
#include "filter_parse.h"

#include <algorithm>
#include <utility>

#include "bpf/lib/filter.h"
#include "filter_meaning.h"
#include "filter_names.h"
#include "filter_primitive.h"
#include "suggest.h"

namespace nfup::intent {

namespace {

using Parsed = std::expected<FilterExpr, FilterError>;

constexpr int max_nesting = 200; // parentheses and negations: bounds the recursion

std::unexpected<FilterError> wrong(std::size_t at, std::string message, std::string hint = {})
{
	return std::unexpected(FilterError{at, std::move(message), std::move(hint)});
}

std::optional<Direction> direction_of(const std::string& word)
{
	if (word == "src")
		return Direction::src;
	if (word == "dst" || word == "dest")
		return Direction::dst;
	return {};
}

std::optional<int> protocol_of(const std::string& word)
{
	if (word == "tcpudp")
		return tcp_or_udp;
	if (const auto number = filter_number(FilterName::protocol, word))
		return static_cast<int>(*number);
	return {};
}

std::optional<bool> constant_of(const std::string& word)
{
	if (word == "true" || word == "all" || word == "any" || word == "-")
		return true;
	if (word == "false" || word == "none")
		return false;
	return {};
}

bool is_qualifier(const std::string& word)
{
	return direction_of(word) || type_of(word) || protocol_of(word) || word == "ip" || word == "ip6";
}

std::vector<std::string> known_words()
{
	std::vector<std::string> words{"src",  "dst",  "host", "net", "port", "proto", "opt",  "frag",  "unfrag",
				       "vers", "hl",   "id",   "tos", "dscp", "ect",   "ce",   "ttl",   "win",
				       "type", "code", "len",  "and", "or",   "not",   "true", "false", "all",
				       "any",  "none", "ip",   "ip6", "mask", "tcpudp"};
	for (const FilterName kind : {FilterName::port, FilterName::protocol, FilterName::tcp_flag})
		for (std::string& name : filter_names(kind))
			words.push_back(std::move(name));
	return words;
}

class Parser {
public:
	explicit Parser(std::vector<FilterLexeme> lexemes) : lexemes_(std::move(lexemes)) {}

	Parsed run();

private:
	Parsed expression();
	Parsed alternatives();
	Parsed term();
	Parsed factor();
	Parsed group();
	Parsed primitive();
	std::expected<void, FilterError> read_qualifiers(Primitive& out);
	std::expected<void, FilterError> read_operands(Primitive& out);

	const FilterLexeme& peek(std::size_t ahead = 0) const
	{
		return lexemes_[std::min(next_ + ahead, lexemes_.size() - 1)];
	}
	bool is(FilterToken token) const { return peek().token == token; }
	bool is_word(const char* word) const { return is(FilterToken::word) && peek().text == word; }
	bool take(FilterToken token)
	{
		if (!is(token))
			return false;
		++next_;
		return true;
	}

	std::vector<FilterLexeme> lexemes_;
	std::size_t next_ = 0;
	int nesting_ = 0;
	Qualifiers last_; // of the primitive before: `src port 80 or 81`
};

Parsed Parser::run()
{
	if (is(FilterToken::end))
		return wrong(0, "the expression is empty", "`all` matches every packet");
	Parsed out = expression();
	if (out && !is(FilterToken::end))
		return wrong(peek().at,
			     is(FilterToken::close) ? "`)` without `(`" : "`" + peek().text + "` is not expected here");
	return out;
}

Parsed Parser::expression()
{
	Parsed condition = alternatives();
	if (!condition || !take(FilterToken::question))
		return condition;
	if (++nesting_ > max_nesting)
		return wrong(peek().at, "nested too deeply");
	Parsed yes = expression();
	if (!yes)
		return yes;
	if (!take(FilterToken::colon))
		return wrong(peek().at, "`:` is missing", "CONDITION ? THEN : ELSE, with spaces around the colon");
	Parsed no = expression();
	if (!no)
		return no;
	--nesting_;
	FilterExpr otherwise = all_of({not_of(*condition), *std::move(no)});
	return any_of({all_of({*std::move(condition), *std::move(yes)}), std::move(otherwise)});
}

Parsed Parser::alternatives()
{
	std::vector<FilterExpr> parts;
	do {
		Parsed part = term();
		if (!part)
			return part;
		parts.push_back(*std::move(part));
	} while (take(FilterToken::or_));
	return parts.size() == 1 ? std::move(parts[0]) : any_of(std::move(parts));
}

Parsed Parser::term()
{
	std::vector<FilterExpr> parts;
	do {
		Parsed part = factor();
		if (!part)
			return part;
		parts.push_back(*std::move(part));
		// Factors side by side are joined by `and`.
	} while (take(FilterToken::and_) || is(FilterToken::word) || is(FilterToken::open) || is(FilterToken::not_));
	return parts.size() == 1 ? std::move(parts[0]) : all_of(std::move(parts));
}

Parsed Parser::group()
{
	const std::size_t at = peek(0).at;
	++next_;
	if (++nesting_ > max_nesting)
		return wrong(at, "nested too deeply");
	Parsed out = expression();
	if (out && !take(FilterToken::close))
		return wrong(is(FilterToken::end) ? at : peek().at,
			     is(FilterToken::end) ? "`(` is not closed" : "`" + peek().text + "` is not expected here");
	--nesting_;
	return out;
}

Parsed Parser::factor()
{
	if (take(FilterToken::not_)) {
		if (++nesting_ > max_nesting)
			return wrong(peek().at, "nested too deeply");
		Parsed part = factor();
		--nesting_;
		if (!part)
			return part;
		return not_of(*std::move(part));
	}
	if (is(FilterToken::open))
		return group();
	if (is(FilterToken::word))
		if (const auto constant = constant_of(peek().text)) {
			++next_;
			return *constant ? all_of({}) : any_of({});
		}
	return primitive();
}

std::expected<void, FilterError> Parser::read_qualifiers(Primitive& out)
{
	Qualifiers& what = out.what;

	for (; is(FilterToken::word); ++next_) {
		const std::string& word = peek().text;
		if (const auto direction = direction_of(word)) {
			if (what.direction != Direction::none)
				return wrong(peek().at, "`" + word + "` after another direction",
					     "`src or dst` and `src and dst` mean both");
			what.direction = *direction;
			const FilterLexeme &joint = peek(1), &other = peek(2);
			const bool joined = joint.token == FilterToken::or_ || joint.token == FilterToken::and_;
			const auto second = other.token == FilterToken::word ? direction_of(other.text) : std::nullopt;
			// `src or dst port 80`; in `src or dst`, both words stand alone
			if (joined && second && *second != *direction) {
				what.direction = joint.token == FilterToken::or_ ? Direction::either : Direction::both;
				next_ += 2;
			}
		} else if (const auto type = type_of(word)) {
			if (what.type != FilterType::none)
				break;
			what.type = *type;
		} else if (const auto proto = protocol_of(word)) {
			if (what.proto >= 0 || what.type == FilterType::proto)
				break;
			what.proto = *proto;
		} else if (word != "ip" || what.proto >= 0) {
			break;
		}
	}
	return {};
}

std::expected<void, FilterError> Parser::read_operands(Primitive& out)
{
	const auto operand = [&](std::optional<Operand>& to, const char* behind) -> std::expected<void, FilterError> {
		if (!is(FilterToken::word))
			return wrong(peek().at, std::string("a value is missing behind `") + behind + "`");
		to = Operand{peek().text, peek().at};
		++next_;
		return {};
	};
	if (take(FilterToken::mask))
		if (auto read = operand(out.mask, "&"); !read)
			return read;
	if (is(FilterToken::relation)) {
		out.relation = peek().text == "=" ? "==" : peek().text;
		++next_;
		return operand(out.value, out.relation.c_str());
	}
	if (!is(FilterToken::word) || constant_of(peek().text))
		return {};
	// A protocol is a value only behind `proto`.
	if (is_qualifier(peek().text) && !(out.what.type == FilterType::proto && protocol_of(peek().text)))
		return {};
	// `ip frag 10.0.0.1`: the address is the next factor
	if (out.what.type == FilterType::frag || out.what.type == FilterType::unfrag)
		return {};
	const bool optional = out.what.type == FilterType::ect || out.what.type == FilterType::ce ||
			      (out.what.proto >= 0 && out.what.type == FilterType::none) || out.mask;
	if (optional && !fits(out.what.type, out.what.proto, peek().text) &&
	    (out.what.type != FilterType::none || infer_type(out.what, peek().text) == FilterType::none))
		return {};
	if (auto read = operand(out.value, ""); !read)
		return read;
	if (out.what.type != FilterType::net || !is_word("mask"))
		return {};
	++next_;
	return operand(out.netmask, "mask");
}

Parsed Parser::primitive()
{
	Primitive out;
	out.at = peek().at;
	if (!is(FilterToken::word) && !is(FilterToken::relation) && !is(FilterToken::mask))
		return wrong(out.at, is(FilterToken::end) ? "the expression ends too soon"
							  : "`" + peek().text + "` is not expected here");
	if (is_word("ip6")) {
		++next_;
		return test_of(FilterField::traits, Relation::equal, FILTER_IP6, FILTER_IP6);
	}
	const bool ip = is_word("ip");
	if (auto read = read_qualifiers(out); !read)
		return std::unexpected(std::move(read.error()));

	if (is(FilterToken::open) && !out.what.empty()) {
		const bool complete = out.what.type == FilterType::frag || out.what.type == FilterType::unfrag ||
				      (out.what.type == FilterType::none && out.what.direction == Direction::none);
		if (!complete) { // src port (80 or 81)
			last_ = out.what;
			return group();
		}
	}
	if (auto read = read_operands(out); !read)
		return std::unexpected(std::move(read.error()));

	if (ip && out.what.empty() && !out.value && !out.mask)
		return test_of(FilterField::traits, Relation::equal, FILTER_IP6, 0);
	const std::string word = out.value ? out.value->text : "";
	if (out.what.empty() && !last_.empty() &&
	    (out.value ? fits(last_.type, last_.proto, word) : out.mask.has_value()))
		out.what = last_;
	if (out.what.type == FilterType::none && out.value)
		out.what.type = infer_type(out.what, word);
	if (out.what.type == FilterType::none && (out.value || out.what.proto < 0)) {
		if (!out.value)
			return wrong(out.at,
				     "`" + lexemes_[next_ ? next_ - 1 : 0].text + "` needs a host, a net or a port",
				     "as in `src net 10.0.0.0/8` or `dst port 80`");
		if (!word.empty() && word.find_first_not_of("0123456789-") == std::string::npos)
			return wrong(out.value->at, "what is the number " + word + "?",
				     "say `port " + word + "` or `ip proto " + word + "`, for instance");
		return wrong(out.value->at, "unknown word `" + word + "`", did_you_mean(word, known_words()));
	}
	last_ = out.what;
	return meaning_of(out);
}

} // namespace

Parsed parse_filter(std::string_view text)
{
	auto lexemes = lex_filter(text);
	if (!lexemes)
		return std::unexpected(std::move(lexemes.error()));
	return Parser(*std::move(lexemes)).run();
}

} // namespace nfup::intent
