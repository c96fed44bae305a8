package main

import (
	"context"
	"errors"
	"slices"

	"github.com/kotomori/kotomori/internal/app"
	"github.com/kotomori/kotomori/internal/config"
)

type serveCmd struct {
	config.Cluster
	config.Stream
	config.Ruleset
	config.Data
	config.HTTP
	config.Webhook
	config.Privacy
	config.Log
	Roles []string `help:"What to run: worker (judges comments), webhook (takes the platforms' deliveries)." enum:"worker,webhook" default:"worker" placeholder:"ROLE" group:"Roles"`
}

func (*serveCmd) Help() string {
	return `The role webhook listens for X, Facebook and blogs and writes what they deliver into the stream; see --x-secrets and the like. Workers of one group share the partitions of kotomori.comments. A worker creates the topics that are missing, waits for a cluster that is away, and finishes what it has in hand at SIGTERM.`
}

func (c *serveCmd) Run(e *env) error {
	if err := c.Stream.Check(); err != nil {
		return misuse(err, settingsHint)
	}
	cluster, err := e.cluster(c.Cluster, c.DataDir)
	if err != nil {
		return err
	}
	log := logger(c.Log, e.stderr)
	var hooks *app.Webhooks
	if slices.Contains(c.Roles, "webhook") {
		if hooks, err = webhooks(c.Webhook, false); err != nil {
			return err
		}
		if hooks == nil {
			return misuse(errors.New("the role webhook needs an address and the secret of at least one platform"), "give --x-secrets, --facebook-secrets or --blog-secrets; %s", settingsHint)
		}
	}
	a, err := app.New(app.Config{
		NoWorker:     !slices.Contains(c.Roles, "worker"),
		Webhook:      hooks,
		Cluster:      cluster,
		Topics:       topics(c.Stream, c.Replicas),
		Group:        c.Group,
		Rules:        c.Rules,
		HTTP:         httpAddr(c.HTTP),
		PseudonymKey: c.PseudonymKey,
		Log:          log,
	})
	if err != nil {
		return placed(err, c.Rules)
	}
	if err := a.Start(e.ctx); err != nil {
		return err
	}
	log.Info("started", "roles", c.Roles, "brokers", cluster.Brokers, "group", c.Group, "http", a.HTTPAddr(), "webhook", a.WebhookAddr(), "ruleset", a.Judge().Classifier().Version(), "version", app.Build().Version)
	<-e.ctx.Done()
	log.Info("stopping: finishing what is in hand")
	err = a.Stop(context.WithoutCancel(e.ctx))
	if err == nil {
		log.Info("stopped")
	}
	return err
}
