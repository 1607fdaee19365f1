require 'json'
require 'net/http'

# Speaks JSON with a service over HTTP.
class JsonClient
  class Failure < StandardError; end

  def initialize(url)
    @base = URI(url)
  end

  # Returns [status, body].
  def request(method, path, body = nil)
    request = Net::HTTP.const_get(method.capitalize).new(path, 'Content-Type' => 'application/json', 'Accept' => 'application/json')
    request.body = JSON.generate(body) if body
    answer = Net::HTTP.start(@base.host, @base.port, open_timeout: 5, read_timeout: 30) { |http| http.request(request) }
    [answer.code.to_i, JSON.parse(answer.body)]
  rescue SystemCallError, SocketError, Net::OpenTimeout, Net::ReadTimeout, JSON::ParserError => e
    raise Failure, "#{@base}: #{e.message}"
  end
end
