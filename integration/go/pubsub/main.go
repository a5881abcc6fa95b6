// Google's own fake of Pub/Sub, which speaks gRPC, and in front of it what of the REST interface is needed: pubsub ADDRESS.
package main

import (
	"context"
	"io"
	"log"
	"net/http"
	"os"
	"strings"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

var statuses = map[codes.Code]int{codes.NotFound: 404, codes.AlreadyExists: 409, codes.InvalidArgument: 400}

func main() {
	fake := &pstest.NewServer().GServer
	handler := func(writer http.ResponseWriter, request *http.Request) {
		name, verb, _ := strings.Cut(strings.TrimPrefix(request.URL.Path, "/v1/"), ":")
		body, err := io.ReadAll(request.Body)
		var answer proto.Message
		if err == nil {
			answer, err = call(request.Context(), fake, name, verb, body)
		}
		text := []byte(nil)
		if err == nil {
			text, err = protojson.Marshal(answer)
		}
		writer.Header().Set("Content-Type", "application/json")
		if err != nil {
			code, known := statuses[status.Code(err)]
			if !known {
				code = 500
			}
			writer.WriteHeader(code)
			text, _ = protojson.Marshal(status.Convert(err).Proto())
		}
		writer.Write(text)
	}
	log.Fatal(http.ListenAndServe(os.Args[1], http.HandlerFunc(handler)))
}

func call(ctx context.Context, fake *pstest.GServer, name, verb string, body []byte) (proto.Message, error) {
	read := func(message proto.Message) error {
		if len(body) == 0 {
			return nil
		}
		if err := protojson.Unmarshal(body, message); err != nil {
			return status.Error(codes.InvalidArgument, err.Error())
		}
		return nil
	}
	switch {
	case verb == "publish":
		request := &pubsubpb.PublishRequest{}
		if err := read(request); err != nil {
			return nil, err
		}
		request.Topic = name
		return fake.Publish(ctx, request)
	case verb == "pull":
		request := &pubsubpb.PullRequest{}
		if err := read(request); err != nil {
			return nil, err
		}
		request.Subscription = name
		return fake.Pull(ctx, request)
	case verb == "acknowledge":
		request := &pubsubpb.AcknowledgeRequest{}
		if err := read(request); err != nil {
			return nil, err
		}
		request.Subscription = name
		return fake.Acknowledge(ctx, request)
	case strings.Contains(name, "/topics/"):
		return fake.CreateTopic(ctx, &pubsubpb.Topic{Name: name})
	case strings.Contains(name, "/subscriptions/"):
		request := &pubsubpb.Subscription{}
		if err := read(request); err != nil {
			return nil, err
		}
		request.Name = name
		return fake.CreateSubscription(ctx, request)
	}
	return nil, status.Error(codes.NotFound, name+" is nothing that this server knows")
}
