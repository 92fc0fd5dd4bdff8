package obs

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics is the handful of figures that tell whether an installation is well. Labels are names of commands and operations and error
// codes: closed sets, never an id.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	writes   *prometheus.CounterVec
	write    prometheus.Histogram
	group    prometheus.Histogram
	timers   prometheus.Counter
	leaves   *prometheus.CounterVec
	relayed  prometheus.Counter
}

// NewMetrics returns figures that all stand at zero, in a registry of their own beside those of the Go runtime and the process.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "timebank_requests_total",
			Help: "Answered requests by operation and error code; the code is ok when there was none."}, []string{"operation", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "timebank_request_seconds",
			Help: "Time to answer by operation.", Buckets: prometheus.ExponentialBuckets(0.001, 2.5, 10)}, []string{"operation"}),
		writes: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "timebank_writes_total",
			Help: "Database writes by name and error code."}, []string{"name", "code"}),
		write: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "timebank_write_seconds",
			Help: "Time from handing in a write until it is durable.", Buckets: prometheus.ExponentialBuckets(0.0005, 2.5, 10)}),
		group: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "timebank_write_group_size",
			Help: "Writes that shared one commit.", Buckets: prometheus.ExponentialBuckets(1, 2, 9)}),
		timers: prometheus.NewCounter(prometheus.CounterOpts{Name: "timebank_timers_total", Help: "Timers that ran."}),
		leaves: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "timebank_log_leaves_total",
			Help: "Rows that were numbered and signed, by log."}, []string{"log"}),
		relayed: prometheus.NewCounter(prometheus.CounterOpts{Name: "timebank_outbox_relayed_total",
			Help: "Outside effects handed over."}),
	}
	m.registry.MustRegister(m.requests, m.seconds, m.writes, m.write, m.group, m.timers, m.leaves, m.relayed,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Request counts an answered request: the operation's id, its error code or "ok", and how long it took.
func (m *Metrics) Request(operation, code string, took time.Duration) {
	m.requests.WithLabelValues(operation, code).Inc()
	m.seconds.WithLabelValues(operation).Observe(took.Seconds())
}

// Write counts a database write: its name, its error code or "ok", and the time until it was durable.
func (m *Metrics) Write(name, code string, took time.Duration) {
	m.writes.WithLabelValues(name, code).Inc()
	m.write.Observe(took.Seconds())
}

// Group counts a commit that so many writes shared.
func (m *Metrics) Group(size int) { m.group.Observe(float64(size)) }

// Timers counts timers that ran.
func (m *Metrics) Timers(n int) { m.timers.Add(float64(n)) }

// Leaves counts rows of a log that were numbered.
func (m *Metrics) Leaves(log string, n int) { m.leaves.WithLabelValues(log).Add(float64(n)) }

// Relayed counts outside effects that were handed over.
func (m *Metrics) Relayed(n int) { m.relayed.Add(float64(n)) }

// Gauge adds a figure that is asked for whenever the metrics are read; read must be quick. The name is without the prefix timebank_.
func (m *Metrics) Gauge(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "timebank_" + name, Help: help}, read))
}

// Handler answers with the figures in Prometheus' text form.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
