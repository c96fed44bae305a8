package main

import (
	"context"

	"github.com/kotomori/kotomori/internal/app"
	"github.com/kotomori/kotomori/internal/config"
)

type serveCmd struct {
	config.Cluster
	config.Stream
	config.Ruleset
	config.Data
	config.HTTP
	config.Privacy
	config.Log
}

func (*serveCmd) Help() string {
	return `Workers of one group share the partitions of kotomori.comments. A worker creates the topics that are missing, waits for a cluster that is away, and finishes what it has in hand at SIGTERM.`
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
	a, err := app.New(app.Config{
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
	log.Info("worker started", "brokers", cluster.Brokers, "group", c.Group, "http", a.HTTPAddr(), "ruleset", a.Judge().Classifier().Version(), "version", app.Build().Version)
	<-e.ctx.Done()
	log.Info("stopping: finishing what is in hand")
	err = a.Stop(context.WithoutCancel(e.ctx))
	if err == nil {
		log.Info("stopped")
	}
	return err
}
