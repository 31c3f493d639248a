package live

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// The metrics are registered once a process, like every metric.
var (
	openStreams = promauto.NewGauge(prometheus.GaugeOpts{
		Name: "laurel_live_streams", Help: "Live streams that are open.",
	})
	sentFrames = promauto.NewCounter(prometheus.CounterOpts{
		Name: "laurel_live_frames_total", Help: "Snapshots handed to live streams.",
	})
	droppedStreams = promauto.NewCounter(prometheus.CounterOpts{
		Name: "laurel_live_dropped_total", Help: "Live streams let go because they did not take what was sent.",
	})
	roundSeconds = promauto.NewGauge(prometheus.GaugeOpts{
		Name: "laurel_live_round_seconds", Help: "How long the last round of writing to all live streams took.",
	})
)
