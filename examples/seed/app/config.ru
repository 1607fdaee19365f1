require 'sinatra/base'
require_relative 'graph'
require_relative 'search'

# Keeps documents: their words in Elasticsearch, their links in Neo4j.
class Library < Sinatra::Base
  set :show_exceptions, false
  set :dump_errors, false
  set :search, Search.new(ENV.fetch('ELASTICSEARCH_URL', 'http://elasticsearch:9200'))
  set :graph, Graph.new(ENV.fetch('NEO4J_URL', 'http://neo4j:7474'))

  before { content_type :json }

  error(JsonClient::Failure) { |failure| [502, JSON.generate(error: failure.message)] }
  error(JSON::ParserError, KeyError) { |failure| [400, JSON.generate(error: failure.message)] }

  put %r{/documents/([a-z0-9-]{1,64})} do |id|
    document = JSON.parse(request.body.read)
    title = document.fetch('title')
    settings.graph.put(id, title: title, links: document.fetch('links', []))
    settings.search.put(id, title: title, text: document.fetch('text'))
    [201, JSON.generate(id: id)]
  end

  get %r{/documents/([a-z0-9-]{1,64})} do |id|
    document = settings.search.get(id)
    halt 404, JSON.generate(error: "no document #{id}") unless document
    JSON.generate(document.merge(id: id))
  end

  get %r{/documents/([a-z0-9-]{1,64})/reachable} do |id|
    JSON.generate(settings.graph.reachable_from(id))
  end

  get '/search' do
    JSON.generate(settings.search.find(params.fetch('q')))
  end

  get '/health' do
    answer = { elasticsearch: settings.search.healthy?, neo4j: settings.graph.healthy? }
    [answer.values.all? ? 200 : 503, JSON.generate(answer)]
  end
end

run Library
