module flagstaff/pubsub

go 1.25.0

require (
	cloud.google.com/go/pubsub/v2 v2.8.1
	google.golang.org/grpc v1.76.0
	google.golang.org/protobuf v1.36.10
)
