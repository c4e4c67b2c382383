package main

import (
	"errors"
	"flag"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

const electionLimit = 60 * time.Second

// serveEtcd runs a store of one member until SIGTERM.
//
//	etcd --folder DIR --clients URL --peers URL
func serveEtcd() error {
	flags := flag.NewFlagSet("etcd", flag.ExitOnError)
	folder := flags.String("folder", "", "where it keeps its data")
	clients := flags.String("clients", "", "URL that clients use")
	peers := flags.String("peers", "", "URL that other members would use")
	if err := flags.Parse(os.Args[1:]); err != nil {
		return err
	}
	config, err := oneMember(*folder, *clients, *peers)
	if err != nil {
		return err
	}
	server, err := embed.StartEtcd(config)
	if err != nil {
		return err
	}
	defer server.Close()
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)
	select {
	case <-server.Server.ReadyNotify():
	case <-time.After(electionLimit):
		return errors.New("no leader in time")
	}
	select {
	case <-ended:
		return nil
	case err := <-server.Err():
		return err
	}
}

func oneMember(folder, clients, peers string) (*embed.Config, error) {
	clientURL, err := url.Parse(clients)
	if err != nil {
		return nil, err
	}
	peerURL, err := url.Parse(peers)
	if err != nil {
		return nil, err
	}
	if folder == "" || clientURL.Host == "" || peerURL.Host == "" {
		return nil, errors.New("--folder, --clients and --peers are all needed")
	}
	config := embed.NewConfig()
	config.Dir = folder
	config.LogLevel = "warn"
	// It serves one test session: what a power cut would take is of no worth.
	config.UnsafeNoFsync = true
	config.ListenClientUrls = []url.URL{*clientURL}
	config.AdvertiseClientUrls = config.ListenClientUrls
	config.ListenPeerUrls = []url.URL{*peerURL}
	config.AdvertisePeerUrls = config.ListenPeerUrls
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	return config, nil
}
