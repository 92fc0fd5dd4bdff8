package app

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"timebank/internal/audit"
	"timebank/internal/errs"
	"timebank/internal/jobs"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/photo"
	"timebank/internal/store"
)

// nightHour is when work is done that should not meet people: three in the morning in the city (default, ours).
const nightHour = 3

// Server is an installation that answers requests. Make it with [App.Listen].
type Server struct {
	app     *App
	jobs    *jobs.Jobs
	http    *http.Server
	metrics *http.Server
	open    []net.Listener
	// Addr is the address it listens on, with the port that was taken; URL is what a browser is given.
	Addr, URL string
}

// Listen takes the addresses of the configuration and opens the jobs, so that what cannot work is known before anything is announced.
// Error: Unavailable app.address_in_use.
func (a *App) Listen(ctx context.Context) (*Server, error) {
	s := &Server{app: a}
	handler := a.handler()
	if a.Config.HTTP.Metrics != "" {
		// The figures have an address of their own, so they are not at the public one.
		public := http.NewServeMux()
		public.Handle("/", handler)
		public.Handle("/metrics", http.NotFoundHandler())
		handler = public
	}
	l, err := s.listen(ctx, a.Config.HTTP.Addr)
	if err != nil {
		return nil, err
	}
	s.Addr = l.Addr().String()
	s.URL = "http://" + s.Addr + "/"
	s.http = a.server(handler)
	if s.http.TLSConfig, err = a.certificate(); err != nil {
		return nil, errors.Join(err, s.close())
	}
	if s.http.TLSConfig != nil {
		s.URL = "https://" + s.Addr + "/"
	}
	// A stream would otherwise outlast the time that running requests are given.
	s.http.RegisterOnShutdown(a.Live.Close)
	if a.Config.HTTP.Metrics != "" {
		if _, err := s.listen(ctx, a.Config.HTTP.Metrics); err != nil {
			return nil, errors.Join(err, s.close())
		}
		figures := http.NewServeMux()
		figures.Handle("GET /metrics", a.Metrics.Handler())
		s.metrics = a.server(figures)
	}
	if s.jobs, err = a.openJobs(ctx); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *Server) listen(ctx context.Context, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, errs.New(errs.Unavailable, "app.address_in_use").With(err)
	}
	s.open = append(s.open, l)
	return l, nil
}

func (s *Server) close() (err error) {
	for _, l := range s.open {
		err = errors.Join(err, l.Close())
	}
	return err
}

func (a *App) server(h http.Handler) *http.Server {
	c := a.Config.HTTP
	return &http.Server{Handler: h, ReadTimeout: c.Read, ReadHeaderTimeout: min(c.Read, mostHeaderTime), WriteTimeout: c.Write, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: mostHeader}
}

// What a request may take before anybody looks at it (default, ours): its head has to be here sooner than the whole, and to be short.
const (
	mostHeaderTime = 5 * time.Second
	mostHeader     = 32 << 10
)

// certificate reads what the server shows when it answers encrypted by itself; nil when it does not. Errors: config.invalid when one of the
// two files is not named, Unavailable app.certificate_unusable.
func (a *App) certificate() (*tls.Config, error) {
	c := a.Config.HTTP
	switch {
	case c.Cert == "" && c.Key == "":
		return nil, nil
	case c.Cert == "":
		return nil, errs.Invalid("config.invalid", errs.Field{Path: "http.cert", Code: "config.missing"})
	case c.Key == "":
		return nil, errs.Invalid("config.invalid", errs.Field{Path: "http.key", Code: "config.missing"})
	}
	pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
	if err != nil {
		return nil, errs.New(errs.Unavailable, "app.certificate_unusable").With(err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}, nil
}

// Run answers requests and runs timers, logs and deliveries until ctx ends or the server fails; then it stops in order: no new request,
// running ones end, running jobs end. What was acknowledged is kept, whichever way it ends. announce is called once requests are answered;
// its error stops the server.
func (s *Server) Run(ctx context.Context, announce func() error) error {
	failed := make(chan error, 2)
	serve := func(h *http.Server, l net.Listener) {
		answer := h.Serve
		if h.TLSConfig != nil {
			answer = func(l net.Listener) error { return h.ServeTLS(l, "", "") }
		}
		if err := answer(l); !errors.Is(err, http.ErrServerClosed) {
			failed <- errs.New(errs.Unavailable, "app.server_failed").With(err)
		}
	}
	if err := s.jobs.Start(ctx); err != nil {
		return errors.Join(err, s.jobs.Stop(ctx), s.close())
	}
	go serve(s.http, s.open[0])
	if s.metrics != nil {
		go serve(s.metrics, s.open[1])
	}
	// What pages of figures show is counted beside the requests.
	var kept sync.WaitGroup
	counting, enough := context.WithCancel(ctx)
	kept.Go(func() {
		s.app.Reports.Keep(counting, s.app.DB, func(wrong error) { s.app.Log.Error("figures", "err", wrong) })
	})
	defer kept.Wait()
	defer enough()
	s.app.Health.SetReady(true)
	err := announce()
	if err == nil {
		select {
		case <-ctx.Done():
		case err = <-failed:
		}
	}
	s.app.Health.SetReady(false)

	// The stop signal has ended ctx; what is running gets its own time.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.app.Config.HTTP.Shutdown)
	defer cancel()
	err = errors.Join(err, shutdown(last, s.http))
	if s.metrics != nil {
		err = errors.Join(err, shutdown(last, s.metrics))
	}
	return errors.Join(err, s.jobs.Stop(last), s.app.releaseLogs(last))
}

// releaseLogs lets another process sign at once.
func (a *App) releaseLogs(ctx context.Context) (err error) {
	for _, log := range []string{LedgerLog, AuditLog} {
		err = errors.Join(err, a.Notary.Release(ctx, log))
	}
	return err
}

// shutdown ends a server; requests that outlast the time are cut off, as they would be by a client that went away.
func shutdown(ctx context.Context, h *http.Server) error {
	if err := h.Shutdown(ctx); err != nil {
		return h.Close()
	}
	return nil
}

func (a *App) openJobs(ctx context.Context) (*jobs.Jobs, error) {
	c := a.Config.Jobs
	return jobs.New(ctx, jobs.Config{
		DB: a.DB, Postgres: a.Config.Postgres, Log: a.Log, Relay: c.Relay, Workers: c.Workers, Relayed: a.Metrics.Relayed,
		Topics: a.topics(),
		// What nobody else delivers ends as a line of a file: ids alone.
		Otherwise: jobs.NewInbox(a.Config.Data).Deliver,
		Tasks: []jobs.Task{
			{Name: "timers", When: jobs.Every(c.Timers), Do: func(ctx context.Context) error {
				n, err := a.Timers.Run(ctx, a.Clock.Now())
				a.Metrics.Timers(n)
				return err
			}},
			{Name: "sequence", When: jobs.Every(c.Sequence), Do: func(ctx context.Context) error {
				_, err := a.Sequence(ctx)
				if code := errs.CodeOf(err); code == "notary.lease_held" || code == "notary.head_moved" {
					return nil // another process is at it
				}
				return err
			}},
			{Name: "forget_keys", When: jobs.Nightly(nightHour), Do: func(ctx context.Context) error {
				return a.DB.Write(ctx, "idempotency.forget", func(tx *store.Tx) error {
					_, err := store.ForgetKeys(tx)
					return err
				})
			}},
			{Name: "forget_sign_ins", When: jobs.Nightly(nightHour), Do: func(ctx context.Context) error {
				_, err := a.SignIn.Forget(ctx)
				return err
			}},
			{Name: "forget_messages", When: jobs.Nightly(nightHour), Do: func(ctx context.Context) error {
				_, err := a.Notify.Forget(ctx)
				return err
			}},
			{Name: "forget_sessions", When: jobs.Nightly(nightHour), Do: func(ctx context.Context) error {
				_, err := a.Identity.Forget(ctx)
				return err
			}},
			{Name: "data_keys", When: jobs.Every(lookForKeys), Do: a.HoldDataKeys},
			{Name: "renew_data_key", When: jobs.Nightly(nightHour), Do: a.renewOldDataKey},
			{Name: "seal_anew", When: jobs.Nightly(nightHour), Do: func(ctx context.Context) error {
				_, err := a.Privacy.Rotate(ctx, a.box.Active())
				if err == nil {
					_, err = a.Photos.Reseal(ctx)
				}
				return err
			}},
			{Name: "sweep_photos", When: jobs.Nightly(nightHour), Do: func(ctx context.Context) error {
				_, err := a.SweepPhotos(ctx)
				return err
			}},
			{Name: "summarise_audit", When: jobs.Nightly(nightHour), Do: a.summariseAudit},
		},
	})
}

// summariseAudit sums up what has been added to the trail, in transactions short enough not to keep other writes waiting.
func (a *App) summariseAudit(ctx context.Context) error {
	for {
		done := 0
		err := a.DB.Write(ctx, "audit.summarise", func(tx *store.Tx) (err error) {
			done, err = audit.Summarise(tx, 16)
			return err
		})
		if err != nil || done == 0 {
			return err
		}
	}
}

// photoRest is how long a picture waits for the row that names it: longer than any request takes.
const photoRest = time.Hour

// SweepPhotos removes the pictures that no row names, or names any more, and returns how many.
func (a *App) SweepPhotos(ctx context.Context) (int, error) {
	return a.Photos.Sweep(a.Clock.Now().Add(-photoRest), func(some []photo.Hash) (named []photo.Hash, err error) {
		err = a.DB.Read(ctx, "photo.named", func(tx *store.Tx) error {
			visits, err := order.PhotosNamed(tx, some)
			if err != nil {
				return err
			}
			faces, err := member.PhotosNamed(tx, some)
			named = append(visits, faces...)
			return err
		})
		return named, err
	})
}
