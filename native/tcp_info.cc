// TCP_INFO as numbers: a caller-owned Float64Array, in the order of a table of names. The kernel
// says how much of its structure it filled; a field beyond that is not reported.
#include <sys/socket.h>

#ifdef __linux__
#include <linux/tcp.h>  // newer and longer than <netinet/tcp.h>, and the two exclude each other
#include <netinet/in.h>
#else
#include <netinet/in.h>
#include <netinet/tcp.h>
#endif

#include <cstddef>
#include <cstring>

#include "args.h"
#include "calls.h"

namespace {

struct Field {
  const char* name;
  size_t offset;
  size_t bytes;
};

#define SR_FIELD(name) {#name, offsetof(Info, name), sizeof(Info::name)}

#if defined(__linux__)

using Info = tcp_info;
constexpr int kOption = TCP_INFO;

constexpr Field kFields[] = {
    SR_FIELD(tcpi_state), SR_FIELD(tcpi_ca_state), SR_FIELD(tcpi_retransmits),
    SR_FIELD(tcpi_probes), SR_FIELD(tcpi_backoff), SR_FIELD(tcpi_options), SR_FIELD(tcpi_rto),
    SR_FIELD(tcpi_ato), SR_FIELD(tcpi_snd_mss), SR_FIELD(tcpi_rcv_mss), SR_FIELD(tcpi_unacked),
    SR_FIELD(tcpi_sacked), SR_FIELD(tcpi_lost), SR_FIELD(tcpi_retrans),
    SR_FIELD(tcpi_last_data_sent), SR_FIELD(tcpi_last_data_recv), SR_FIELD(tcpi_last_ack_recv),
    SR_FIELD(tcpi_pmtu), SR_FIELD(tcpi_rcv_ssthresh), SR_FIELD(tcpi_rtt), SR_FIELD(tcpi_rttvar),
    SR_FIELD(tcpi_snd_ssthresh), SR_FIELD(tcpi_snd_cwnd), SR_FIELD(tcpi_advmss),
    SR_FIELD(tcpi_reordering), SR_FIELD(tcpi_rcv_rtt), SR_FIELD(tcpi_rcv_space),
    SR_FIELD(tcpi_total_retrans), SR_FIELD(tcpi_pacing_rate), SR_FIELD(tcpi_max_pacing_rate),
    SR_FIELD(tcpi_bytes_acked), SR_FIELD(tcpi_bytes_received), SR_FIELD(tcpi_segs_out),
    SR_FIELD(tcpi_segs_in), SR_FIELD(tcpi_notsent_bytes), SR_FIELD(tcpi_min_rtt),
    SR_FIELD(tcpi_data_segs_in), SR_FIELD(tcpi_data_segs_out), SR_FIELD(tcpi_delivery_rate),
    SR_FIELD(tcpi_busy_time), SR_FIELD(tcpi_rwnd_limited), SR_FIELD(tcpi_sndbuf_limited),
    SR_FIELD(tcpi_delivered), SR_FIELD(tcpi_delivered_ce), SR_FIELD(tcpi_bytes_sent),
    SR_FIELD(tcpi_bytes_retrans), SR_FIELD(tcpi_dsack_dups), SR_FIELD(tcpi_reord_seen),
    SR_FIELD(tcpi_rcv_ooopack), SR_FIELD(tcpi_snd_wnd),
};

#elif defined(__APPLE__)

using Info = tcp_connection_info;
constexpr int kOption = TCP_CONNECTION_INFO;

constexpr Field kFields[] = {
    SR_FIELD(tcpi_state), SR_FIELD(tcpi_snd_wscale), SR_FIELD(tcpi_rcv_wscale),
    SR_FIELD(tcpi_options), SR_FIELD(tcpi_flags), SR_FIELD(tcpi_rto), SR_FIELD(tcpi_maxseg),
    SR_FIELD(tcpi_snd_ssthresh), SR_FIELD(tcpi_snd_cwnd), SR_FIELD(tcpi_snd_wnd),
    SR_FIELD(tcpi_snd_sbbytes), SR_FIELD(tcpi_rcv_wnd), SR_FIELD(tcpi_rttcur),
    SR_FIELD(tcpi_srtt), SR_FIELD(tcpi_rttvar), SR_FIELD(tcpi_txpackets),
    SR_FIELD(tcpi_txbytes), SR_FIELD(tcpi_txretransmitbytes), SR_FIELD(tcpi_rxpackets),
    SR_FIELD(tcpi_rxbytes), SR_FIELD(tcpi_rxoutoforderbytes),
};

#else

struct Info {};
constexpr int kOption = -1;
constexpr Field kFields[] = {{"tcpi_state", 0, 0}};

#endif

double ReadField(const Info& info, const Field& field) {
  const char* at = reinterpret_cast<const char*>(&info) + field.offset;
  uint64_t wide = 0;
  uint32_t word = 0;
  switch (field.bytes) {
    case 1:
      return static_cast<uint8_t>(*at);
    case 4:
      std::memcpy(&word, at, sizeof word);
      return word;
    case 8:
      std::memcpy(&wide, at, sizeof wide);
      return static_cast<double>(wide);
    default:
      return 0;
  }
}

napi_value TcpInfo(napi_env env, napi_callback_info info) {
  Args args(env, info, "tcp_info");
  const int fd = args.Fd(0);
  const Span<double> out = args.Doubles(1, "out");
  if (args.failed()) return nullptr;
  Info filled{};
  socklen_t length = sizeof filled;
  if (kOption < 0) return args.Return(-ENOPROTOOPT);
  if (getsockopt(fd, IPPROTO_TCP, kOption, &filled, &length) < 0) return args.Return(-errno);
  size_t count = 0;
  for (const Field& field : kFields) {
    if (count >= out.length || field.offset + field.bytes > length) break;
    out.data[count++] = ReadField(filled, field);
  }
  return args.Return(static_cast<int64_t>(count));
}

constexpr ExportedCall kCalls[] = {{"tcp_info", TcpInfo}};

}  // namespace

void ExportTcpInfo(napi_env env, napi_value exports) {
  ExportCalls(env, exports, kCalls);
  napi_value names, name;
  napi_create_array(env, &names);
  uint32_t index = 0;
  for (const Field& field : kFields) {
    napi_create_string_utf8(env, field.name, NAPI_AUTO_LENGTH, &name);
    napi_set_element(env, names, index++, name);
  }
  napi_set_named_property(env, exports, "tcpInfoFields", names);
}
