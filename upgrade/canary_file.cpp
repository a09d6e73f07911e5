// SPDX-License-Identifier: BSD-2-Clause
#include "canary_file.h"

#include <algorithm>
#include <map>
#include <set>

#include "canary_lexer.h"
#include "intent/numbers.h"
#include "intent/suggest.h"
#include "packet_fields.h"

namespace nfup::upgrade {

namespace {

const char* const reason_names[] = {
#define X(symbol, name, meaning) name,
    NFUP_DROP_REASONS(X)
#undef X
};

bool has(const std::vector<std::string>& list, const std::string& word)
{
	return std::ranges::find(list, word) != list.end();
}

struct Unreadable {}; // the diagnostic is written; go on behind this statement

class Parser {
public:
	Parser(const std::string& text, const std::string& file, const std::vector<std::string>& ports,
	       const std::vector<bool>& receiving, intent::Diagnostics& diagnostics)
	    : lexer_(text, file, diagnostics), ports_(ports), receiving_(receiving), diagnostics_(diagnostics)
	{
		result_.file = file;
	}

	CanaryFile parse()
	{
		while (lexer_.peek().kind != CanaryToken::Kind::end) {
			try { // inside this file only
				statement();
			} catch (const Unreadable&) {
				skip_statement();
			}
		}
		return std::move(result_);
	}

private:
	[[noreturn]] void error(const CanaryToken& at, const std::string& message, const std::string& hint = {})
	{
		diagnostics_.error(at.where, message, hint);
		throw Unreadable{};
	}
	CanaryToken word(const char* what)
	{
		if (lexer_.peek().kind != CanaryToken::Kind::word)
			error(lexer_.peek(), std::string("expected ") + what + ", not " + describe(lexer_.peek()));
		return lexer_.next();
	}
	void mark(const char* expected, const std::string& hint = {})
	{
		if (!lexer_.take(expected))
			error(lexer_.peek(), std::string("expected '") + expected + "', not " + describe(lexer_.peek()),
			      hint);
	}

	// To what looks like the start of one: the first word of a line.
	void skip_statement()
	{
		int line = lexer_.peek().where.line;
		while (lexer_.peek().kind != CanaryToken::Kind::end) {
			const CanaryToken& token = lexer_.peek();
			const bool first = token.where.line != line;
			line = token.where.line;
			if (first && token.kind == CanaryToken::Kind::word &&
			    (token.text == "case" || token.text == "let" || has(ports_, token.text)))
				return;
			lexer_.next();
		}
	}

	void statement()
	{
		const CanaryToken first = word("a port, 'case' or 'let'");
		if (first.text == "case")
			return begin_case(first);
		if (first.text == "let")
			return define();
		step(first);
	}

	void begin_case(const CanaryToken& first)
	{
		const CanaryToken name = lexer_.next();
		if (name.kind != CanaryToken::Kind::text || name.text.empty())
			error(name, "a case needs a name", "as in: case \"what it shows\"");
		if (std::ranges::find(result_.cases, name.text, &CanaryCase::name) != result_.cases.end())
			diagnostics_.error(name.where, "there is a case \"" + name.text + "\" already",
					   "messages name cases: give each a name of its own");
		result_.cases.push_back({name.text, first.where.line, {}});
	}

	void define()
	{
		const CanaryToken name = word("a name");
		if (packet::find_layer(name.text) || std::set<std::string>{"Hex", "Fill"}.contains(name.text))
			error(name, "'" + name.text + "' is a layer", "choose another name");
		mark("=");
		defined_[name.text] = layers();
	}

	int port(const CanaryToken& label, bool receives)
	{
		const auto found = std::ranges::find(ports_, label.text);
		const auto index = static_cast<std::size_t>(found - ports_.begin());
		if (found != ports_.end() && (!receives || receiving_[index]))
			return static_cast<int>(index);
		std::vector<std::string> choice;
		for (std::size_t i = 0; i < ports_.size(); i++)
			if (!receives || receiving_[i])
				choice.push_back(ports_[i]);
		std::string list;
		for (const auto& name : choice)
			list += (list.empty() ? "" : ", ") + name;
		error(label,
		      found == ports_.end() ? "the intent has no port " + label.text
					    : "the intent receives nothing from port " + label.text,
		      "its ports here: " + list);
	}

	void step(const CanaryToken& label)
	{
		CanaryStep step;
		step.line = label.where.line;
		step.port = port(label, true);
		mark(":", "a step is written PORT: PACKET => VERDICT");
		if (result_.cases.empty())
			error(label, "a packet outside of a case", "begin with: case \"what it shows\"");
		const CanaryToken start = lexer_.peek();
		for (const WrittenLayer& layer : layers())
			step.packet.layers().push_back(layer.layer);
		step.frame = step.packet.bytes();
		if (lexer_.take_word("cut"))
			step.frame.resize(size_behind("cut", 0, step.frame.size()));
		else if (lexer_.take_word("pad"))
			step.frame.resize(size_behind("pad", step.frame.size(), max_frame));
		if (step.frame.size() < min_frame || step.frame.size() > max_frame)
			error(start, "a frame of " + std::to_string(step.frame.size()) + " bytes cannot be run",
			      "it may have " + std::to_string(min_frame) + " to " + std::to_string(max_frame) +
				  " bytes");
		step.text = lexer_.slice(start.begin, lexer_.last_end());
		if (lexer_.take("=>"))
			step.expect = expectation();
		else if (lexer_.peek().kind == CanaryToken::Kind::mark || lexer_.peek().kind == CanaryToken::Kind::text)
			error(lexer_.peek(),
			      "expected '/' and a layer or '=>' and a verdict, not " + describe(lexer_.peek()));
		result_.cases.back().steps.push_back(std::move(step));
	}

	std::size_t size_behind(const char* what, std::size_t least, std::size_t most)
	{
		if (!lexer_.take_word("to"))
			error(lexer_.peek(), std::string("expected '") + what + " to BYTES'");
		const CanaryToken token = word("a number of bytes");
		const auto size = intent::read_integer(token.text);
		if (!size || *size < static_cast<__int128>(least) || *size > static_cast<__int128>(most))
			error(token, std::string(what) + " to " + token.text + ": a number from " +
					 std::to_string(least) + " to " + std::to_string(most) + " is needed here");
		return static_cast<std::size_t>(*size);
	}

	Expectation expectation()
	{
		Expectation expect;
		const CanaryToken verdict = word("a verdict");
		if (verdict.text == "forward") {
			expect.verdict = Expectation::Verdict::forward;
			if (!lexer_.take_word("to"))
				error(lexer_.peek(), "expected 'to' and a port, not " + describe(lexer_.peek()));
			expect.port = port(word("a port"), false);
		} else if (verdict.text == "drop") {
			expect.verdict = Expectation::Verdict::drop;
			if (lexer_.peek().kind == CanaryToken::Kind::word &&
			    lexer_.peek().where.line == verdict.where.line)
				expect.reason = reason(lexer_.next());
		} else if (verdict.text == "pass") {
			expect.verdict = Expectation::Verdict::pass;
		} else if (verdict.text != "any") {
			error(verdict, "there is no verdict '" + verdict.text + "'",
			      "write forward to PORT, drop, drop REASON, pass (to the host) or any");
		}
		output(expect);
		expect.text = lexer_.slice(verdict.begin, lexer_.last_end());
		return expect;
	}

	void output(Expectation& expect)
	{
		const CanaryToken at = lexer_.peek();
		if (lexer_.take(",")) {
			if (!lexer_.take_word("same"))
				error(lexer_.peek(), "expected 'same', not " + describe(lexer_.peek()));
			expect.output = Expectation::Output::same;
			if (lexer_.take_word("with")) {
				expect.output = Expectation::Output::same_with;
				expect.layers = layers();
			}
		} else if (lexer_.take_word("as")) {
			expect.output = Expectation::Output::like;
			expect.layers = layers();
		}
		if (expect.output != Expectation::Output::any && expect.verdict == Expectation::Verdict::drop)
			error(at, "a dropped packet does not come out", "leave out what it should look like");
	}

	drop_reason reason(const CanaryToken& name)
	{
		for (int i = 0; i < NFUP_DROP_COUNT; i++)
			if (name.text == reason_names[i])
				return static_cast<drop_reason>(i);
		const std::string hint = intent::did_you_mean(
		    name.text, std::vector<std::string>(std::begin(reason_names), std::end(reason_names)));
		error(name, "there is no reason '" + name.text + "' to drop a packet",
		      hint.empty() ? "bpf/drop_reasons.h lists them; drop alone stands for any" : hint);
	}

	std::vector<WrittenLayer> layers()
	{
		std::vector<WrittenLayer> all;
		do {
			for (WrittenLayer& layer : layer())
				all.push_back(std::move(layer));
		} while (lexer_.take("/"));
		return all;
	}

	static WrittenLayer payload(packet::Bytes bytes) { return {packet::Payload(std::move(bytes)), {}, {}}; }

	std::vector<WrittenLayer> layer()
	{
		if (lexer_.peek().kind == CanaryToken::Kind::text) {
			const std::string text = lexer_.next().text;
			return {payload(packet::Bytes(text.begin(), text.end()))};
		}
		const CanaryToken name = word("a layer");
		if (name.text == "Hex" || name.text == "Fill")
			return {payload(name.text == "Hex" ? hex() : fill())};
		if (const auto known = defined_.find(name.text); known != defined_.end() && !lexer_.peek().is("("))
			return known->second;
		const packet::LayerInfo* info = packet::find_layer(name.text);
		if (!info) {
			std::vector<std::string> names{"Hex", "Fill"};
			for (const auto& [defined, layers] : defined_)
				names.push_back(defined);
			for (const packet::LayerInfo& known : packet::layer_infos())
				names.emplace_back(known.name);
			const std::string hint = intent::did_you_mean(name.text, names);
			error(name, "there is no layer '" + name.text + "'",
			      hint.empty() ? "docs/canary.md lists the layers" : hint);
		}
		WrittenLayer written{info->fresh, {}, {}};
		if (!lexer_.peek().is("("))
			error(lexer_.peek(), "expected '(' behind " + name.text + ", not " + describe(lexer_.peek()),
			      name.text + "() has every field at its default");
		lexer_.next();
		while (!lexer_.peek().is(")")) {
			field(*info, written);
			if (!lexer_.take(","))
				break;
		}
		mark(")", "fields are written NAME=VALUE, with commas between them");
		return {written};
	}

	void field(const packet::LayerInfo& info, WrittenLayer& written)
	{
		const CanaryToken name = word("a field");
		const packet::Field* field = packet::find_field(info, name.text);
		if (!field) {
			std::vector<std::string> names;
			std::string list;
			for (const packet::Field& known : info.fields) {
				names.emplace_back(known.name);
				list += (list.empty() ? "" : ", ") + names.back();
			}
			const std::string hint = intent::did_you_mean(name.text, names);
			error(name, std::string(info.name) + " has no field '" + name.text + "'",
			      hint.empty() ? "it has " + list : hint);
		}
		if (!lexer_.peek().is("="))
			error(lexer_.peek(), "expected '=' behind " + name.text + ", not " + describe(lexer_.peek()));
		const CanaryToken value = lexer_.value();
		if (has(written.fields, name.text))
			error(name, name.text + " is given twice");
		if (!field->set(written.layer, value.text))
			error(value, std::string(info.name) + " " + name.text + " cannot be '" + value.text + "'",
			      std::string("it takes ") + field->takes);
		written.fields.push_back(name.text);
		if (value.text == "ok")
			written.right.push_back(name.text);
	}

	CanaryToken in_brackets(const char* what)
	{
		if (!lexer_.peek().is("("))
			error(lexer_.peek(), std::string("expected '(' and ") + what);
		CanaryToken value = lexer_.value();
		mark(")");
		return value;
	}

	packet::Bytes hex()
	{
		const CanaryToken digits = in_brackets("hex digits");
		const auto bytes = packet::read_hex(digits.text);
		if (!bytes)
			error(digits, "these are no hex digits in pairs", "as in Hex(00 1b 2c)");
		return *bytes;
	}

	packet::Bytes fill()
	{
		const CanaryToken count = in_brackets("a number of bytes");
		const auto size = intent::read_integer(count.text);
		if (!size || *size < 0 || *size > static_cast<__int128>(max_frame))
			error(count, "Fill needs a number of bytes, up to " + std::to_string(max_frame));
		return packet::Payload::of(static_cast<std::size_t>(*size)).bytes;
	}

	CanaryLexer lexer_;
	const std::vector<std::string>& ports_;
	const std::vector<bool>& receiving_;
	intent::Diagnostics& diagnostics_;
	std::map<std::string, std::vector<WrittenLayer>> defined_;
	CanaryFile result_;
};

} // namespace

CanaryFile parse_canary(const std::string& text, const std::string& file, const std::vector<std::string>& ports,
			const std::vector<bool>& receiving, intent::Diagnostics& diagnostics)
{
	return Parser(text, file, ports, receiving, diagnostics).parse();
}

const char* reason_name(drop_reason reason)
{
	return reason_names[reason];
}

} // namespace nfup::upgrade
