// SPDX-License-Identifier: BSD-2-Clause
#include "where.h"

#include <cctype>
#include <cstring>
#include <vector>

#include "entry_text.h"
#include "intent/numbers.h"

namespace nfup::statemaps {

struct Where::Node {
	enum class Kind { all, none, both, either, negated, compare, number, prefix };
	Kind kind = Kind::all;
	std::unique_ptr<Node> left, right;
	EntryField field;
	std::string op;
	std::vector<std::uint8_t> bytes; // compare: of the field's size
	__int128 operand = 0;            // number
	int length = 0;                  // prefix: bits of `bytes`
};

namespace {

using Node = Where::Node;
using Kind = Node::Kind;

// Deeper than anybody writes; a guard for the stack.
constexpr int max_depth = 200;

struct Token {
	enum class Type { word, op, end } type = Type::end;
	std::string text;
	int column = 1;
};

std::vector<Token> split(const std::string& text, intent::Diagnostics& diagnostics)
{
	static const char* const ops[] = {"&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "(", ")"};
	std::vector<Token> tokens;
	std::size_t at = 0;
	while (at < text.size()) {
		const auto c = static_cast<unsigned char>(text[at]);
		const int column = static_cast<int>(at) + 1;
		if (std::isspace(c)) {
			at++;
			continue;
		}
		if (c == '"' || c == '\'') {
			const std::size_t end = text.find(static_cast<char>(c), at + 1);
			if (end == std::string::npos) {
				diagnostics.error({"--where", 1, column}, "the quote is not closed");
				break;
			}
			tokens.push_back({Token::Type::word, text.substr(at + 1, end - at - 1), column});
			at = end + 1;
			continue;
		}
		const char* found = nullptr;
		for (const char* op : ops)
			if (!found && text.compare(at, strlen(op), op) == 0)
				found = op;
		if (found) {
			tokens.push_back({Token::Type::op, found, column});
			at += strlen(found);
			continue;
		}
		if (c == '=' || c == '&' || c == '|') {
			const std::string twice(2, static_cast<char>(c));
			diagnostics.error({"--where", 1, column}, std::string("a single ") + static_cast<char>(c),
					  "write " + twice);
			break;
		}
		const std::size_t start = at;
		while (at < text.size() && (std::isalnum(static_cast<unsigned char>(text[at])) ||
					    (text[at] != '\0' && strchr("_.:/-+@[]", text[at]))))
			at++;
		if (at == start) {
			diagnostics.error({"--where", 1, column}, "this belongs to no expression",
					  "FIELD OP VALUE, joined by && and ||; other values in quotes");
			break;
		}
		tokens.push_back({Token::Type::word, text.substr(start, at - start), column});
	}
	tokens.push_back({Token::Type::end, "", static_cast<int>(text.size()) + 1});
	return tokens;
}

class Parser {
public:
	Parser(const std::string& text, const Layout& layout, intent::Diagnostics& diagnostics)
	    : layout_(layout), diagnostics_(diagnostics), tokens_(split(text, diagnostics))
	{
	}

	std::unique_ptr<Node> all()
	{
		auto node = either(0);
		if (diagnostics_.ok() && here().type != Token::Type::end)
			error(here(), "`" + here().text + "` is too much here", "join comparisons by && or ||");
		return node;
	}

private:
	const Token& here() const { return tokens_[at_]; }
	Token next() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
	bool take(const char* op)
	{
		if (here().type != Token::Type::op || here().text != op)
			return false;
		next();
		return true;
	}
	void error(const Token& token, std::string message, std::string hint = {})
	{
		if (diagnostics_.ok()) // what follows the first is guessing
			diagnostics_.error({"--where", 1, token.column}, std::move(message), std::move(hint));
	}

	std::unique_ptr<Node> join(Kind kind, std::unique_ptr<Node> left, std::unique_ptr<Node> right)
	{
		auto node = std::make_unique<Node>();
		node->kind = kind;
		node->left = std::move(left);
		node->right = std::move(right);
		return node;
	}

	std::unique_ptr<Node> either(int depth)
	{
		auto node = both(depth);
		while (diagnostics_.ok() && take("||"))
			node = join(Kind::either, std::move(node), both(depth));
		return node;
	}

	std::unique_ptr<Node> both(int depth)
	{
		auto node = single(depth);
		while (diagnostics_.ok() && take("&&"))
			node = join(Kind::both, std::move(node), single(depth));
		return node;
	}

	std::unique_ptr<Node> single(int depth)
	{
		if (depth > max_depth || ++count_ > 10000) {
			error(here(), "the expression is too large");
			return join(Kind::none, nullptr, nullptr);
		}
		if (take("!"))
			return join(Kind::negated, single(depth + 1), nullptr);
		const Token open = here();
		if (take("(")) {
			auto node = either(depth + 1);
			if (!take(")"))
				error(here(), "a ) is missing",
				      "the ( in column " + std::to_string(open.column) + " is open");
			return node;
		}
		return comparison();
	}

	std::unique_ptr<Node> comparison()
	{
		const Token name = next();
		auto node = std::make_unique<Node>();
		if (name.type != Token::Type::word) {
			error(name, name.text.empty() ? "the expression ends where a field is expected"
						      : "`" + name.text + "` where a field is expected");
			return node;
		}
		auto field = find_field(layout_, name.text);
		if (!field) {
			error(name, field.error().message, field.error().hint);
			return node;
		}
		node->field = **field;
		static const char* const ops[] = {"==", "!=", "<=", ">=", "<", ">"};
		for (const char* op : ops)
			if (node->op.empty() && take(op))
				node->op = op;
		if (node->op.empty()) {
			if (!is_numeric(node->field.meaning) || node->field.meaning == Meaning::time ||
			    node->field.meaning == Meaning::jiffies)
				error(here(), "a comparison is missing behind `" + name.text + "`",
				      "write " + name.text + " == VALUE");
			node->kind = Kind::number;
			node->op = "!=";
			return node;
		}
		const Token value = next();
		if (value.type != Token::Type::word)
			error(value, value.text.empty() ? "the expression ends where a value is expected"
							: "`" + value.text + "` where a value is expected");
		else
			read_value(*node, value);
		return node;
	}

	void read_value(Node& node, const Token& value)
	{
		const EntryField& field = node.field;
		const bool equality = node.op == "==" || node.op == "!=";
		if (is_numeric(field.meaning)) {
			const auto number = parse_number(field, value.text);
			if (!number)
				return error(value, field.name() + ": " + number.error());
			node.kind = Kind::number;
			node.operand = *number;
			return;
		}
		const bool address = field.meaning == Meaning::address || field.meaning == Meaning::address4;
		if (address && value.text.find('/') != std::string::npos) {
			const auto prefix = intent::read_prefix(value.text);
			if (!prefix || (field.meaning == Meaning::address4 && !prefix->ip4))
				return error(value, field.name() + ": `" + value.text + "` is no prefix",
					     "write 10.0.0.0/8");
			if (!equality)
				return error(value, "a prefix has no order", "compare it by == or !=");
			const bool short_form = field.meaning == Meaning::address4;
			node.kind = Kind::prefix;
			node.bytes.assign(prefix->address.begin() + (short_form ? 12 : 0), prefix->address.end());
			node.length = prefix->length - (short_form ? 96 : 0);
			return;
		}
		std::vector<std::uint8_t> part(std::max<std::size_t>(layout_.key_size, layout_.value_size));
		if (const auto parsed = parse_into(field, value.text, part.data(), {}); !parsed)
			return error(value, field.name() + ": " + parsed.error());
		node.kind = Kind::compare;
		const auto start = part.begin() + field.offset;
		node.bytes.assign(start, start + field.size);
	}

	const Layout& layout_;
	intent::Diagnostics& diagnostics_;
	std::vector<Token> tokens_;
	std::size_t at_ = 0;
	int count_ = 0;
};

template <class T> bool compare(const std::string& op, const T& a, const T& b)
{
	if (op == "==")
		return a == b;
	if (op == "!=")
		return a != b;
	if (op == "<")
		return a < b;
	if (op == "<=")
		return a <= b;
	return op == ">" ? a > b : a >= b;
}

bool within(const std::uint8_t* address, const std::vector<std::uint8_t>& prefix, int length)
{
	for (int i = 0; i < length; i++)
		if ((address[i / 8] ^ prefix[static_cast<std::size_t>(i) / 8]) >> (7 - i % 8) & 1)
			return false;
	return true;
}

bool evaluate(const Node& node, const std::uint8_t* key, const std::uint8_t* value, const Moment& now)
{
	const std::uint8_t* part = node.field.in_key ? key : value;
	switch (node.kind) {
	case Kind::all:
		return true;
	case Kind::none:
		return false;
	case Kind::both:
		return evaluate(*node.left, key, value, now) && evaluate(*node.right, key, value, now);
	case Kind::either:
		return evaluate(*node.left, key, value, now) || evaluate(*node.right, key, value, now);
	case Kind::negated:
		return !evaluate(*node.left, key, value, now);
	case Kind::number:
		return compare(node.op, number_of(node.field, part, now), node.operand);
	case Kind::compare:
		return compare(node.op, memcmp(part + node.field.offset, node.bytes.data(), node.bytes.size()), 0);
	case Kind::prefix:
		return within(part + node.field.offset, node.bytes, node.length) == (node.op == "==");
	}
	return false;
}

} // namespace

Where::Where() : root_(std::make_unique<Node>()) {}
Where::Where(Where&&) noexcept = default;
Where& Where::operator=(Where&&) noexcept = default;
Where::~Where() = default;

Where Where::parse(const std::string& text, const Layout& layout, intent::Diagnostics& diagnostics)
{
	Where where;
	Parser parser(text, layout, diagnostics);
	where.root_ = parser.all();
	if (!diagnostics.ok()) {
		where.root_ = std::make_unique<Node>();
		where.root_->kind = Kind::none;
	}
	return where;
}

bool Where::holds(const std::uint8_t* key, const std::uint8_t* value, const Moment& now) const
{
	return evaluate(*root_, key, value, now);
}

} // namespace nfup::statemaps
