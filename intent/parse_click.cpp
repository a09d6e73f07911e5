// SPDX-License-Identifier: BSD-2-Clause
#include "parse_click.h"

#include <charconv>
#include <utility>

#include "lexer.h"

namespace nfup::intent {

using namespace click;

namespace {

constexpr int max_nesting = 64;       // braces and groups inside each other
constexpr int max_port = 4095;        // far above any class; bounds [0-N]
constexpr int max_syntax_errors = 50; // the rest would only repeat the first

class Parser {
public:
	Parser(const std::string& text, const std::string& file, Diagnostics& diagnostics)
	    : lexer_(text, file, diagnostics), diagnostics_(diagnostics)
	{
	}

	Body file();

private:
	std::shared_ptr<const Body> body();
	void statement(Body& out);
	void element_class(Body& out);
	std::string parenthesised();
	Chain chain();
	bool element(Stage& stage, bool first);
	bool implicit_here(const Stage& stage, bool first, const Ports& ports);
	void class_and_config(Element& out);
	Ports ports();
	std::shared_ptr<const Compound> compound();
	std::vector<Formal> formals();
	bool starts_formals();

	bool at_end_of_body();
	bool nested() const { return nesting_ > 0; }
	void unexpected(const std::string& wanted);
	void recover();
	bool enter(const Location& where);

	Lexer lexer_;
	Diagnostics& diagnostics_;
	int nesting_ = 0;
	int errors_ = 0;
	bool failed_ = false; // in this statement
	bool too_deep_ = false;
};

void Parser::unexpected(const std::string& wanted)
{
	failed_ = true;
	if (!too_deep_ && ++errors_ <= max_syntax_errors)
		diagnostics_.error(lexer_.peek().where, "expected " + wanted + ", found " + describe(lexer_.peek()));
}

bool Parser::at_end_of_body()
{
	const Token& t = lexer_.peek();
	return t.is(TokenKind::end) || (nested() && (t.is('}') || t.is(')') || t.is(TokenKind::bars)));
}

// Behind a mistake: on to the next statement.
void Parser::recover()
{
	while (!at_end_of_body() && !lexer_.peek().is(';'))
		lexer_.next();
	failed_ = false;
}

bool Parser::enter(const Location& where)
{
	if (nesting_ < max_nesting) {
		++nesting_;
		return true;
	}
	if (!too_deep_)
		diagnostics_.error(where, "elements are nested more than " + std::to_string(max_nesting) + " deep");
	// Reading on would need the stack that this limit saves.
	too_deep_ = true;
	while (!lexer_.peek().is(TokenKind::end))
		lexer_.next();
	failed_ = true;
	return false;
}

Body Parser::file()
{
	Body out;

	for (;;) {
		while (!at_end_of_body())
			statement(out);
		if (lexer_.peek().is(TokenKind::end))
			return out;
		lexer_.next();
	}
}

std::shared_ptr<const Body> Parser::body()
{
	auto out = std::make_shared<Body>();

	while (!at_end_of_body())
		statement(*out);
	return out;
}

void Parser::statement(Body& out)
{
	const Token& t = lexer_.peek();

	switch (t.kind) {
	case TokenKind::elementclass:
		element_class(out);
		break;
	case TokenKind::define: {
		Location where = lexer_.next().where;
		out.statements.emplace_back(Define{parenthesised(), std::move(where)});
		break;
	}
	case TokenKind::require: {
		Location where = lexer_.next().where;
		out.statements.emplace_back(Require{parenthesised(), std::move(where)});
		break;
	}
	case TokenKind::provide:
		// Click reserves the word for package lists; nothing follows from it.
		lexer_.next();
		parenthesised();
		break;
	default:
		if (t.is(';')) {
			lexer_.next();
			return;
		}
		if (Chain c = chain(); !failed_)
			out.statements.emplace_back(std::move(c));
	}
	if (failed_)
		recover();
}

std::string Parser::parenthesised()
{
	if (!lexer_.peek().is('(')) {
		unexpected("`(`");
		return {};
	}
	const Token open = lexer_.next();
	return lexer_.config(open.where);
}

void Parser::element_class(Body& out)
{
	ElementClass statement;

	statement.where = lexer_.next().where;
	if (!lexer_.peek().is(TokenKind::identifier))
		return unexpected("the name of the new element class");
	statement.where = lexer_.peek().where;
	statement.name = lexer_.next().text;
	statement.is.where = lexer_.peek().where;
	if (lexer_.peek().is('{'))
		statement.is.compound = compound();
	else if (lexer_.peek().is(TokenKind::identifier))
		statement.is.name = lexer_.next().text;
	else
		return unexpected("`{` or the name of a class");
	if (!failed_)
		out.statements.emplace_back(std::move(statement));
}

Chain Parser::chain()
{
	Chain out;

	for (bool first = true;; first = false) {
		Stage& stage = out.stages.emplace_back();
		for (;;) {
			if (!element(stage, first))
				return out;
			if (!lexer_.peek().is(','))
				break;
			lexer_.next();
		}
		const Token& t = lexer_.peek();
		stage.arrow_where = t.where;
		if (t.is(TokenKind::arrow))
			stage.arrow = Arrow::one;
		else if (t.is(TokenKind::double_arrow))
			stage.arrow = Arrow::many;
		else
			break;
		if (!first && stage.elements.back().kind == ElementKind::implicit) {
			diagnostics_.error(t.where, "ports without an element in the middle of a chain",
					   "end the chain with `;` or name the element");
			failed_ = true;
			return out;
		}
		lexer_.next();
	}

	// The next statement may follow without a semicolon.
	switch (lexer_.peek().kind) {
	case TokenKind::identifier:
	case TokenKind::elementclass:
	case TokenKind::require:
	case TokenKind::provide:
	case TokenKind::define:
		return out;
	default:
		if (const Token& t = lexer_.peek();
		    !t.is(';') && !t.is('{') && !t.is('[') && !t.is('(') && !at_end_of_body())
			unexpected("`->`, `=>`, `::` or `;`");
	}
	return out;
}

// May the element be left out here? `[0] -> x`, `-> x` and `x -> [1]`, `x ->`
// inside a compound or group mean `input` and `output`.
bool Parser::implicit_here(const Stage& stage, bool first, const Ports& given)
{
	const Token& t = lexer_.peek();
	const bool alone = given.given || stage.elements.empty();

	if (!nested() || t.is(TokenKind::colons))
		return false;
	if (t.is(TokenKind::arrow) || t.is(TokenKind::double_arrow))
		return first ? alone : given.given;
	if (t.is(','))
		return given.given;
	return !first && alone;
}

bool Parser::element(Stage& stage, bool first)
{
	Element out;

	out.where = lexer_.peek().where;
	if (lexer_.peek().is('['))
		out.in = ports();
	if (failed_)
		return false;

	const Token t = lexer_.peek();
	if (t.is(TokenKind::identifier)) {
		out.where = t.where;
		out.name = lexer_.next().text;
	} else if (t.is('{')) {
		out.where = t.where;
		out.kind = ElementKind::compound;
		out.compound = compound();
	} else if (t.is('(')) {
		out.where = t.where;
		out.kind = ElementKind::group;
		lexer_.next();
		if (!enter(t.where))
			return false;
		out.group = body();
		--nesting_;
		if (!lexer_.peek().is(')')) {
			unexpected("`)` to close the group opened on line " + std::to_string(t.where.line));
			return false;
		}
		lexer_.next();
	} else if (implicit_here(stage, first, out.in)) {
		out.kind = ElementKind::implicit;
		if (first)
			std::swap(out.in, out.out);
		stage.elements.push_back(std::move(out));
		return true;
	} else if (!stage.elements.empty() && !out.in.given) {
		return true; // a comma too many, as Click lets pass
	} else {
		unexpected(first ? "a statement" : "an element");
		// At a closing brace or the like nothing else would move on.
		if (first && !at_end_of_body())
			lexer_.next();
		return false;
	}
	if (failed_)
		return false;

	class_and_config(out);
	if (!failed_ && lexer_.peek().is('['))
		out.out = ports();
	stage.elements.push_back(std::move(out));
	return !failed_;
}

void Parser::class_and_config(Element& out)
{
	if (lexer_.peek().is(TokenKind::colons)) {
		lexer_.next();
		auto declared = std::make_shared<ClassRef>();
		declared->where = lexer_.peek().where;
		if (lexer_.peek().is(TokenKind::identifier))
			declared->name = lexer_.next().text;
		else if (lexer_.peek().is('{'))
			declared->compound = compound();
		else
			unexpected("a class");
		out.declared = std::move(declared);
	}
	if (!failed_ && lexer_.peek().is('(')) {
		const Token open = lexer_.next();
		out.has_config = true;
		out.config_where = lexer_.here();
		out.config = lexer_.config(open.where);
	}
}

Ports Parser::ports()
{
	Ports out;
	bool range = false;

	out.given = true;
	out.where = lexer_.next().where;
	for (;;) {
		const Token t = lexer_.peek();
		if (t.is(']') && !range) {
			out.open = true; // [] or [2,]
			if (out.numbers.empty())
				out.numbers.push_back(0);
			break;
		}
		int number = 0;
		const char* const end = t.text.data() + t.text.size();
		const auto [stop, error] = std::from_chars(t.text.data(), end, number);
		if (!t.is(TokenKind::identifier) || error != std::errc() || stop != end) {
			unexpected("a port number");
			return out;
		}
		if (number > max_port) {
			diagnostics_.error(t.where, "port " + t.text + " is out of range");
			failed_ = true;
			return out;
		}
		lexer_.next();
		const int from = range ? out.numbers.back() + 1 : number;
		for (int n = from; n <= number; ++n)
			out.numbers.push_back(n);
		if (lexer_.peek().is(']'))
			break;
		range = lexer_.peek().is('-') && !range;
		if (!range && !lexer_.peek().is(',')) {
			unexpected("`]`");
			return out;
		}
		lexer_.next();
	}
	lexer_.next();
	return out;
}

bool Parser::starts_formals()
{
	const Token& t = lexer_.peek();
	return t.is(TokenKind::variable) || t.is('|') ||
	       (t.is(TokenKind::identifier) && lexer_.peek(1).is(TokenKind::variable));
}

// $a, KEYWORD $b, __REST__ $rest |
std::vector<Formal> Parser::formals()
{
	std::vector<Formal> out;

	while (!lexer_.peek().is('|')) {
		Formal formal;
		formal.where = lexer_.peek().where;
		if (lexer_.peek().is(TokenKind::identifier))
			formal.keyword = lexer_.next().text;
		if (!lexer_.peek().is(TokenKind::variable)) {
			unexpected("a parameter such as `$x`");
			return out;
		}
		formal.variable = lexer_.next().text;
		if (!out.empty() && formal.keyword.empty() && !out.back().keyword.empty())
			diagnostics_.error(formal.where, "positional parameter `$" + formal.variable +
							     "` behind a keyword parameter");
		if (!out.empty() && out.back().keyword == "__REST__")
			diagnostics_.error(formal.where, "`__REST__` must be the last parameter");
		for (const Formal& other : out)
			if (other.variable == formal.variable)
				diagnostics_.error(formal.where, "parameter `$" + formal.variable + "` is there twice");
		out.push_back(std::move(formal));
		if (lexer_.peek().is(','))
			lexer_.next();
		else if (!lexer_.peek().is('|')) {
			unexpected("`,` or `|`");
			return out;
		}
	}
	lexer_.next();
	return out;
}

std::shared_ptr<const Compound> Parser::compound()
{
	auto out = std::make_shared<Compound>();

	out->where = lexer_.next().where;
	if (!enter(out->where))
		return out;
	for (;;) {
		if (lexer_.peek().is(TokenKind::ellipsis)) {
			if (out->overloads.empty())
				diagnostics_.error(lexer_.peek().where, "`...` needs a definition before it",
						   "write `{ … || ... }`");
			out->extends = true;
			lexer_.next();
			break;
		}
		Overload overload;
		overload.where = lexer_.peek().where;
		if (starts_formals()) {
			overload.formals = formals();
			if (failed_)
				recover();
		}
		overload.body = body();
		out->overloads.push_back(std::move(overload));
		if (!lexer_.peek().is(TokenKind::bars))
			break;
		lexer_.next();
	}
	--nesting_;
	if (lexer_.peek().is('}'))
		lexer_.next();
	else
		unexpected("`}` to close the compound element opened on line " + std::to_string(out->where.line));
	return out;
}

} // namespace

Body parse_click(const std::string& text, const std::string& file, Diagnostics& diagnostics)
{
	return Parser(text, file, diagnostics).file();
}

} // namespace nfup::intent
