// SPDX-License-Identifier: BSD-2-Clause
#include "store.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <set>
#include <sstream>
#include <sys/file.h>
#include <sys/stat.h>

#include "loader/bpffs.h"
#include "loader/files.h"

namespace nfup::upgrade {
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

// Records are written whole or not at all; one that cannot be read was damaged
// from outside, and guessing would be worse than saying so.
template <class T> Result<T> parse(const fs::path& path)
{
	auto text = read_file(path);
	if (!text)
		return pass(text);
	const json value = json::parse(*text, nullptr, false);
	if (value.is_discarded())
		return fail(ErrorKind::system, path.string() + " is damaged: it is no JSON (cut off?)",
			    "forwarding goes on; restore the file, or `nfup detach` and attach anew");
	try {
		return value.get<T>();
	} catch (const json::exception& e) {
		return fail(ErrorKind::system, path.string() + " is damaged: " + e.what(),
			    "forwarding goes on; restore the file, or `nfup detach` and attach anew");
	}
}

fs::path record_path(const fs::path& folder, int number)
{
	return folder / ("gen-" + std::to_string(number) + ".json");
}

fs::path draft_path(const fs::path& folder, int number)
{
	return folder / ("draft-" + std::to_string(number) + ".json");
}

bool plain_name(const std::string& name)
{
	return !name.empty() && name.size() <= 64 &&
	       std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_'; });
}

} // namespace

PlacedGraph Generation::placed() const
{
	PlacedGraph graph;
	for (const GenerationNode& node : nodes) {
		graph.nodes.push_back({node.name, node.identity, node.out});
		graph.placement.push_back({node.slot, node.program});
	}
	return graph;
}

const StateRecord* Generation::find_state(const std::string& atom) const
{
	const auto found = std::ranges::find(state, atom, &StateRecord::atom);
	return found == state.end() ? nullptr : &*found;
}

Result<Store> Store::open(const Folders& folders, const std::string& nf)
{
	if (!plain_name(nf))
		return fail(ErrorKind::intent, "'" + nf + "' is no name for an NF",
			    "use 1 to 64 letters, digits, hyphens and underscores");
	Store store;
	store.nf_ = nf;
	std::error_code error;
	store.pins_ = fs::absolute(folders.bpffs / nf, error);
	store.records_ = fs::absolute(folders.state / nf, error);
	return store;
}

fs::path Store::generation_pins(int number) const
{
	return pins_ / "gen" / std::to_string(number);
}

fs::path Store::draft_pins(int number) const
{
	return pins_ / "gen" / (std::to_string(number) + "+new");
}

fs::path Store::draft_state_pin(const std::string& atom) const
{
	return pins_ / "state" / (atom + "+new");
}

fs::path Store::state_pin(const std::string& atom) const
{
	return pins_ / "state" / atom;
}

fs::path Store::scratch_pins() const
{
	return pins_ / "scratch";
}

fs::path Store::link_pin(const std::string& port) const
{
	return pins_ / "links" / port;
}

fs::path Store::ingress_pin() const
{
	return pins_ / "ingress";
}

fs::path Store::hosted_pin(const std::string& port) const
{
	return pins_ / "hosted" / port;
}

fs::path Store::hosted_array_pin(const std::string& port, const std::string& map) const
{
	return pins_ / "hosted" / (port + "+" + map);
}

bool Store::exists() const
{
	std::error_code error;
	return fs::exists(records_ / "nf.json", error) || fs::exists(records_ / "journal.json", error);
}

Result<Fd> Store::lock() const
{
	const fs::path path = records_ / "lock";
	Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
	if (!fd)
		return fail_errno(errno, "cannot open the lock " + path.string(),
				  "run as root, or with --state-dir DIR");
	if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK)
			return fail_errno(errno, "cannot lock " + path.string());
		const auto holder = read_file(path);
		struct stat s {};
		const long age = fstat(fd.get(), &s) == 0 ? time(nullptr) - s.st_mtime : 0;
		return fail(ErrorKind::refused,
			    "another nfup (pid " + (holder && !holder->empty() ? *holder : "?") +
				") has been working on '" + nf_ + "' for " + std::to_string(age) + " s",
			    "wait for it to end");
	}
	const std::string pid = std::to_string(getpid());
	if (ftruncate(fd.get(), 0) != 0 || pwrite(fd.get(), pid.data(), pid.size(), 0) < 0)
		return fail_errno(errno, "cannot write the lock " + path.string());
	return fd;
}

Result<NfRecord> Store::read_nf() const
{
	std::error_code error;
	if (!fs::exists(records_ / "nf.json", error))
		return fail(ErrorKind::intent, "there is no NF '" + nf_ + "'", "`nfup status` lists the NFs");
	return parse<NfRecord>(records_ / "nf.json");
}

Result<void> Store::write_nf(const NfRecord& record) const
{
	return write_file(records_ / "nf.json", json(record).dump(1));
}

Result<Generation> Store::read_generation(int number) const
{
	return parse<Generation>(record_path(records_, number));
}

Result<void> Store::write_generation(const Generation& generation) const
{
	return write_file(record_path(records_, generation.number), json(generation).dump());
}

Result<Generation> Store::read_running() const
{
	auto record = read_nf();
	if (!record)
		return pass(record);
	if (record->current == 0)
		return fail(ErrorKind::system, "'" + nf_ + "' is not attached yet", "wait, or nfup recover " + nf_);
	return read_generation(record->current);
}

Result<Generation> Store::read_draft(int number) const
{
	return parse<Generation>(draft_path(records_, number));
}

Result<void> Store::write_draft(const Generation& generation) const
{
	return write_file(draft_path(records_, generation.number), json(generation).dump(), false);
}

Result<void> Store::commit_draft(int number) const
{
	std::error_code error;
	for (const auto& entry : fs::directory_iterator(pins_ / "state", error)) {
		const std::string name = entry.path().filename();
		if (!name.ends_with("+new"))
			continue;
		const fs::path final = entry.path().parent_path() / name.substr(0, name.size() - 4);
		if (rename(entry.path().c_str(), final.c_str()) != 0)
			return fail_errno(errno, "cannot rename the pin " + entry.path().string());
	}
	if (fs::exists(draft_pins(number), error)) {
		if (auto removed = loader::remove_pins(generation_pins(number)); !removed)
			return removed;
		if (rename(draft_pins(number).c_str(), generation_pins(number).c_str()) != 0)
			return fail_errno(errno, "cannot rename the pins of generation " + std::to_string(number));
	}
	const fs::path draft = draft_path(records_, number);
	if (!fs::exists(draft, error))
		return {};
	if (auto synced = sync_file(draft); !synced)
		return synced;
	if (rename(draft.c_str(), record_path(records_, number).c_str()) != 0)
		return fail_errno(errno, "cannot rename the record of generation " + std::to_string(number));
	return {};
}

Result<void> Store::remove_draft(int number) const
{
	std::error_code error;
	std::vector<fs::path> pins = {draft_pins(number)};
	for (const auto& entry : fs::directory_iterator(pins_ / "state", error))
		if (entry.path().filename().string().ends_with("+new"))
			pins.push_back(entry.path());
	for (const auto& pin : pins)
		if (auto removed = loader::remove_pins(pin); !removed)
			return removed;
	fs::remove(draft_path(records_, number), error);
	if (error)
		return fail_errno(error.value(), "cannot remove the draft of generation " + std::to_string(number));
	return {};
}

Result<void> Store::remove_unreadable_journal() const
{
	std::error_code error;
	std::vector<fs::path> files = {records_ / "journal.json"};
	for (const auto& entry : fs::directory_iterator(records_, error))
		if (entry.path().filename().string().starts_with("draft-"))
			files.push_back(entry.path());
	for (const fs::path& file : files)
		if (!fs::remove(file, error) && error)
			return fail_errno(error.value(), "cannot remove " + file.string());
	return {};
}

std::vector<int> Store::generations() const
{
	std::vector<int> numbers;
	std::error_code error;
	for (const auto& entry : fs::directory_iterator(records_, error)) {
		int number = 0;
		if (sscanf(entry.path().filename().c_str(), "gen-%d.json", &number) == 1 &&
		    entry.path().extension() == ".json")
			numbers.push_back(number);
	}
	std::ranges::sort(numbers);
	return numbers;
}

Result<std::optional<Journal>> Store::read_journal() const
{
	std::error_code error;
	if (!fs::exists(records_ / "journal.json", error))
		return std::optional<Journal>{};
	auto journal = parse<Journal>(records_ / "journal.json");
	if (!journal)
		return pass(journal);
	return std::optional(*journal);
}

Result<void> Store::write_journal(const Journal& journal) const
{
	return write_file(records_ / "journal.json", json(journal).dump(1), false);
}

Result<void> Store::clear_journal() const
{
	std::error_code error;
	fs::remove(records_ / "journal.json", error);
	if (error)
		return fail_errno(error.value(), "cannot remove the journal of " + nf_);
	return {};
}

Result<void> Store::append_history(const json& entry) const
{
	return append_line(records_ / "history.jsonl", entry.dump());
}

Result<std::vector<json>> Store::read_history() const
{
	std::vector<json> entries;
	std::error_code error;
	if (!fs::exists(records_ / "history.jsonl", error))
		return entries;
	auto text = read_file(records_ / "history.jsonl");
	if (!text)
		return pass(text);
	std::stringstream lines(*text);
	for (std::string line; std::getline(lines, line);)
		// A power cut can leave half a last line; it named nothing that was done.
		if (json entry = json::parse(line, nullptr, false); entry.is_object())
			entries.push_back(std::move(entry));
	return entries;
}

Result<void> Store::remove_generation(int number) const
{
	if (auto removed = loader::remove_pins(generation_pins(number)); !removed)
		return removed;
	std::error_code error;
	fs::remove(record_path(records_, number), error);
	if (error)
		return fail_errno(error.value(), "cannot remove the record of generation " + std::to_string(number));
	return {};
}

Result<fs::path> Store::keep_object(const fs::path& object) const
{
	const fs::path folder = records_ / "objects";
	fs::path own = folder / object.filename();
	std::error_code error;
	if (object == own || fs::exists(own, error))
		return own;
	fs::create_directory(folder, error);
	fs::create_hard_link(object, own, error);
	if (!error)
		return own;
	// The cache is on another file system.
	auto content = read_file(object);
	if (!content)
		return pass(content);
	if (auto written = write_file(own, *content, false); !written)
		return pass(written);
	return own;
}

void Store::drop_objects(const std::map<int, Generation>& but) const
{
	std::set<fs::path> named;
	for (auto [number, generation] : but)
		for (const std::string* object : generation.objects())
			named.insert(*object);
	std::error_code error;
	std::vector<fs::path> others;
	for (const auto& entry : fs::directory_iterator(records_ / "objects", error))
		if (!named.contains(entry.path()))
			others.push_back(entry.path());
	for (const fs::path& object : others)
		fs::remove(object, error);
}

Result<void> Store::remove_records() const
{
	std::error_code error;
	// The journal last: while it is there, the next command comes here again.
	for (const auto& entry : fs::directory_iterator(records_, error))
		if (entry.path().filename() != "journal.json")
			if (fs::remove_all(entry.path(), error); error)
				return fail_errno(error.value(), "cannot remove " + entry.path().string());
	fs::remove_all(records_, error);
	if (error)
		return fail_errno(error.value(), "cannot remove " + records_.string());
	return {};
}

Result<void> Store::remove_temporaries() const
{
	std::error_code error;
	for (const auto& entry : fs::directory_iterator(records_, error))
		if (is_temporary(entry.path()) && !fs::remove(entry.path(), error) && error)
			return fail_errno(error.value(), "cannot remove " + entry.path().string());
	return {};
}

std::vector<std::string> list_nfs(const Folders& folders)
{
	std::vector<std::string> names;
	std::error_code error;
	for (const auto& entry : fs::directory_iterator(folders.state, error))
		if (fs::exists(entry.path() / "nf.json", error))
			names.push_back(entry.path().filename());
	std::ranges::sort(names);
	return names;
}

std::string now_utc()
{
	char text[32];
	const time_t now = time(nullptr);
	struct tm parts {};
	gmtime_r(&now, &parts);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
	return text;
}

} // namespace nfup::upgrade
