#include "support/sample_index.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/msgpack.h"
#include "engine/collection.h"
#include "index/graph/calibration.h"
#include "index/graph/graph_builder.h"
#include "index/graph/node_order.h"
#include "quant/choose.h"
#include "quant/coded_rows.h"
#include "store/file_names.h"
#include "store/manifest.h"
#include "support/batches.h"
#include "support/log_file.h"
#include "support/log_room.h"
#include "support/manifest_file.h"
#include "support/require.h"
#include "support/segment_file.h"
#include "support/vectors.h"

namespace quiver::fuzz {
namespace {

std::string id_of(uint32_t n) { return "a" + std::to_string(n); }

constexpr index::GraphParams kGraph{4, 16};

const Buffer& section(const SegmentImage& segment, uint32_t id) {
  const auto found = std::find_if(segment.sections.begin(), segment.sections.end(),
                                  [id](const auto& section) { return section.id == id; });
  require(found != segment.sections.end(), "the segment has the section");
  return found->content;
}

void add_graph(SegmentImage& segment, const Sample& sample) {
  const Buffer& vectors = section(segment, 2);
  const auto rows = static_cast<uint32_t>(vectors.size() / sizeof(float) / sample.dim);
  std::vector<float> numbers(size_t{rows} * sample.dim);
  std::memcpy(numbers.data(), vectors.data(), numbers.size() * sizeof(float));
  const quant::Vectors training(sample.metric, sample.dim, std::move(numbers));
  const quant::Codecs codecs =
      quant::choose_codecs({sample.codes}, sample.metric, sample.dim, training);
  const auto& codec = codecs.search.codec;
  const quant::CodedRows codes = quant::encode_all(codec, training);
  const quant::CodedRows built_by = quant::encode_all(codecs.build, training);
  auto builder =
      index::GraphBuilder::create(kGraph,
                                  {built_by.codes(), codecs.build->bytes(), rows,
                                   &codecs.build->kernel(), codecs.build->has_float_distances()},
                                  index::GraphAdoption(rows));
  require(static_cast<bool>(builder), "a graph can be built");
  const auto linked = (*builder)->link([] { return true; });
  require(linked && *linked, "rows are linked");
  index::GraphData graph = (*builder)->finish();
  index::WalkOrder order(graph.view());
  while (!order.step()) {
  }
  const std::vector<uint32_t> node_rows = order.take();
  index::Renumbering renumbering(graph, node_rows);
  while (!renumbering.step()) {
  }
  const Bytes level0 = as_bytes(std::span<const uint32_t>(graph.neighbors));
  segment.sections.push_back({6, graph.encode_upper()});
  segment.sections.push_back({7, Buffer(level0.begin(), level0.end())});
  segment.sections.push_back({11, index::Calibration({{10, 0.9F}, {20, 1.0F}}).encode()});
  ByteWriter code_info;
  code_info.put(static_cast<uint32_t>(codec->kind()));
  code_info.put<uint32_t>(1);
  code_info.put(1.0F);
  code_info.put<uint32_t>(0);
  code_info.put_bytes(codec->parameters());
  segment.sections.push_back({8, code_info.take()});
  ByteWriter of_nodes;
  for (const uint32_t row : node_rows) {
    of_nodes.put_bytes(codes.bytes().subspan(row * codec->bytes(), codec->bytes()));
  }
  segment.sections.push_back({9, of_nodes.take()});
  ByteWriter rows_of_nodes;
  for (const uint32_t row : node_rows) rows_of_nodes.put(row);
  segment.sections.push_back({10, rows_of_nodes.take()});
  Buffer& info = segment.sections.front().content;
  require(segment.sections.front().id == 1 && info.size() == 24, "the info section comes first");
  info[12] = 1;
}

/// The mutators take files apart and put them together by themselves: unchanged ones have to come
/// back as they were, or the format has changed and they have not.
void check_taken_apart(const std::string& name, const Buffer& content) {
  if (store::segment_file_number(name)) {
    require(write_segment_file(read_segment_file(content)) == content, name + " comes back");
  } else if (store::log_file_number(name)) {
    require(write_log_file(read_log_file(content)) == content, name + " comes back");
  } else if (name == store::kManifestName) {
    Buffer sealed = content;
    seal_manifest(sealed);
    require(sealed == content, name + " comes back");
  }
}

class Maker {
 public:
  explicit Maker(const Sample& sample) : sample_(sample) {
    engine::Config config;
    config.metric = sample.metric;
    config.graph = kGraph;
    const auto vfs = store::memory_vfs(disk_);
    require(static_cast<bool>(engine::Collection::create(*vfs, config)), "an index is made");
    engine::OpenOptions options;
    options.seal_threshold = sample.segment_rows;
    auto opened = engine::Collection::open(vfs, options);
    require(static_cast<bool>(opened), "the index is opened");
    collection_ = std::move(*opened);
  }

  void insert(uint32_t rows) {
    if (rows == 0) return;
    // In two batches of one transaction, which are two records of the log.
    engine::Transaction transaction;
    for (const uint32_t part : {rows / 2, rows - rows / 2}) {
      test::BatchMaker batch(sample_.dim);
      for (uint32_t i = 0; i < part; ++i, ++next_) {
        batch.insert(id_of(next_), test::random_vector(random_, sample_.dim),
                     sample_metadata(next_));
      }
      require(static_cast<bool>(transaction.add(batch.encode())), "a batch is sound");
    }
    commit(transaction);
  }

  void change(uint32_t removed, uint32_t replaced) {
    engine::Transaction transaction;
    test::BatchMaker batch(sample_.dim);
    batch.remove(id_of(removed));
    batch.upsert(id_of(replaced), test::random_vector(random_, sample_.dim));
    require(static_cast<bool>(transaction.add(batch.encode())), "a batch is sound");
    commit(transaction);
  }

  void maintain() {
    while (auto job = collection_->next_job()) {
      Expected<bool> done = false;
      while (done && !*done) {
        done = job->work(collection_->vfs(), [] { return true; });
      }
      require(static_cast<bool>(done), "a segment is built");
      require(static_cast<bool>(collection_->install(*job)), "a segment is installed");
    }
  }

  Files finish() {
    require(static_cast<bool>(collection_->close()), "the index is closed");
    collection_.reset();
    Files files = test::without_room(disk_->files);
    for (auto& [name, content] : files)
      content = std::make_shared<const Buffer>(fixed(name, *content));
    return files;
  }

 private:
  void commit(engine::Transaction& transaction) {
    engine::Transaction* const transactions[] = {&transaction};
    Expected<engine::WriteCounts> results[] = {engine::WriteCounts{}};
    collection_->commit(transactions, results);
    require(static_cast<bool>(results[0]), "a transaction is committed");
  }

  [[nodiscard]] Buffer fixed(const std::string& name, const Buffer& content) const {
    check_taken_apart(name, content);
    if (name == store::kManifestName) {
      auto manifest = store::decode_manifest(content);
      require(static_cast<bool>(manifest), "the manifest is sound");
      manifest->index = 1;
      return store::encode_manifest(*manifest);
    }
    if (store::log_file_number(name)) {
      LogFile log = read_log_file(content);
      log.salt = 1;
      return write_log_file(log);
    }
    if (store::segment_file_number(name)) {
      SegmentImage segment = read_segment_file(content);
      add_graph(segment, sample_);
      return write_segment_file(segment);
    }
    return content;
  }

  Sample sample_;
  std::shared_ptr<store::MemoryDisk> disk_ = std::make_shared<store::MemoryDisk>();
  std::shared_ptr<engine::Collection> collection_;
  std::mt19937 random_{1};
  uint32_t next_ = 0;
};

}  // namespace

Files sample_index(const Sample& sample) {
  Maker maker(sample);
  for (uint32_t i = 0; i < sample.segments; ++i) {
    maker.insert(sample.segment_rows);
    maker.maintain();
    // The manifest names these when the next segment is sealed; of the last, only the log does.
    maker.change(i * sample.segment_rows + 1, i * sample.segment_rows + 2);
  }
  maker.insert(sample.head_rows);
  const uint32_t rows = sample.segments * sample.segment_rows + sample.head_rows;
  if (sample.head_rows > 2) maker.change(rows - 1, rows - 2);
  return maker.finish();
}

Buffer sample_metadata(uint32_t n) {
  msgpack::Writer writer;
  const bool is_rare = n % 32 == 31;
  writer.map(is_rare ? 5 : 4);
  if (is_rare) {
    writer.text("only " + std::to_string(n));
    writer.boolean(false);
  }
  writer.text("n");
  writer.number(n);
  writer.text("d");
  writer.number(n / 7.0);
  writer.text("t");
  // Enough of the same for a block to be compressed.
  writer.text("what is said of item " + std::to_string(n) + " is also said of all the others");
  writer.text("a");
  switch (n % 8) {
    case 0:
      writer.nil();
      break;
    case 1:
      writer.boolean(true);
      break;
    case 2:
      writer.number(-0.5);
      break;
    case 3:
      writer.text("é text that is longer than thirty-one bytes");
      break;
    case 4:
      writer.array(3);
      writer.integer(-1);
      writer.text("x");
      writer.array(0);
      break;
    case 5:
      writer.map(1);
      writer.text("b");
      writer.map(1);
      writer.text("c");
      writer.integer(uint64_t{1} << 40);
      break;
    case 6:
      writer.text("");
      break;
    default:
      writer.map(0);
  }
  return writer.take();
}

}  // namespace quiver::fuzz
