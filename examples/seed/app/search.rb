require_relative 'json_client'

# Documents in Elasticsearch, found by their words.
class Search
  INDEX = '/documents'.freeze

  def initialize(url)
    @client = JsonClient.new(url)
  end

  # The document is found as soon as this has returned.
  def put(id, title:, text:)
    call('put', "#{INDEX}/_doc/#{id}?refresh=true", { title: title, text: text })
  end

  def get(id)
    status, body = @client.request('get', "#{INDEX}/_doc/#{id}")
    status == 200 ? body['_source'] : nil
  end

  def find(words)
    query = { query: { multi_match: { query: words, fields: %w[title^2 text] } } }
    call('post', "#{INDEX}/_search?ignore_unavailable=true", query)['hits']['hits'].map do |hit|
      { id: hit['_id'], score: hit['_score'], title: hit['_source']['title'] }
    end
  end

  def healthy?
    @client.request('get', '/_cluster/health').first == 200
  end

  private

  def call(method, path, body)
    status, answer = @client.request(method, path, body)
    raise JsonClient::Failure, "Elasticsearch answered #{status}: #{answer['error']}" if status >= 400

    answer
  end
end
